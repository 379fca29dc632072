import { addDays } from "./days.js";

/** Rows of sources for tests, each with an id of its own; of account "a" and at noon UTC unless told otherwise. */

let number = 0;
const idOf = (letter: string): string => `${letter}${++number}`;
const noon = (day: string): string => `${day}T12:00:00Z`;

export const event = (day: string, more: object = {}) => ({
  event_id: idOf("e"),
  account_id: "a",
  user_id: "u1",
  occurred_at: noon(day),
  ...more,
});

export const paid = (starts_on: string, ends_on: string | null = null, more: object = {}) => ({
  contract_id: idOf("c"),
  account_id: "a",
  starts_on,
  ends_on,
  ...more,
});

export const contact = (day: string, kind: string, more: object = {}) => ({
  touchpoint_id: idOf("t"),
  account_id: "a",
  kind,
  happened_at: noon(day),
  ...more,
});

/** An event on each day that is a `#` in a picture of days. */
export const eventsOf = (picture: string, first: string, more: object = {}) =>
  [...picture].flatMap((sign, i) => (sign === "#" ? [event(addDays(first, i), more)] : []));

/** A journey's text; parts that are not given are the least that works. */
export const journeyText = (parts: {
  stages?: string;
  indicators?: string;
  /** Further keys of the journey. */
  rest?: string;
}): string => `
stages:
${parts.stages ?? "  - { id: all, name: All }"}
health:
  indicators:
${parts.indicators ?? "    - { id: use, name: Use, dimension: engagement, fact: events_1d, scale: [[0, 0], [10, 100]] }"}
${parts.rest ?? ""}
`;
