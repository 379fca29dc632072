import { cast } from "../warehouse/dialect.js";
import { join, number, type Sql, sql } from "../warehouse/sql.js";

/**
 * A value rounded down to what people would say: shares to 5 %, from a hundred on either side of 0 to two digits, else to
 * whole numbers, or to tenths where it is none. So a value is at least the threshold where it rounds to it or more.
 */
export function roundedDown(
  value: Sql,
  { unit, isWhole }: { readonly unit: string; readonly isWhole: boolean },
): Sql {
  const v = cast(value, "number");
  const downTo = (step: number): Sql => sql`floor(${v} / ${number(step)}) * ${number(step)}`;
  const parts = unit === "share" ? 20 : isWhole ? 1 : 10;
  // In parts of 1, as 0.3 / 0.05 is less than 6.
  const fine = sql`floor(${v} * ${number(parts)} + ${number(1e-9)}) / ${number(parts)}`;
  const large = [1e6, 1e5, 1e4, 1e3, 1e2].map(
    (from) => sql`when abs(${v}) >= ${number(from)} then ${downTo(from / 10)}`,
  );
  return sql`case ${join(large, " ")} else ${fine} end`;
}
