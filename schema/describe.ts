import { type FactName, facts } from "../journey/facts.js";
import type { Model, ModelColumn, ModelColumns } from "../models/model.js";

type ColumnOf<M> = M extends Model<infer C> ? keyof C & string : never;

/** Field options from a model's column: its description, unit and whether it may be null are written once, there. */
export function column<M extends Pick<Model<ModelColumns>, "columns">>(
  model: M,
  name: ColumnOf<M>,
): { description: string; nullable: boolean } {
  const found = (model.columns as ModelColumns)[name] as ModelColumn;
  return { description: withUnit(found.description, found.unit), nullable: !found.notNull };
}

/** Field options from a fact. Facts may always be null: where a source is missing, or nothing was measured. */
export const fact = (name: FactName): { description: string; nullable: true } => ({
  description: withUnit(facts[name].description, facts[name].unit),
  nullable: true,
});

export const withUnit = (description: string, unit: string | undefined): string =>
  unit ? `${description} Unit: ${unit}.` : description;
