/** An estimate with its 95 % interval; where there is none, `why` says in words what is missing. */
export type Estimate = Figure | NoFigure;

export interface Figure {
  readonly value: number;
  /** The 95 % interval, both ends included. */
  readonly from: number;
  readonly to: number;
  readonly why: null;
}

/** One whose interval can't be told; `why` says why not. */
export interface Point {
  readonly value: number;
  readonly from: null;
  readonly to: null;
  readonly why: string;
}

export interface NoFigure {
  readonly value: null;
  readonly from: null;
  readonly to: null;
  readonly why: string;
}

/** The standard normal's 97.5 % point: half the width of a 95 % interval, in standard errors. */
export const z95 = 1.959963984540054;

export const figure = (value: number, from: number, to: number): Figure => ({ value, from, to, why: null });
export const pointAlone = (value: number, why: string): Point => ({ value, from: null, to: null, why });
export const noFigure = (why: string): NoFigure => ({ value: null, from: null, to: null, why });
