import { by, type ColumnType, integer, join, type Sql, sql, text } from "./sql.js";

/**
 * The spellings in which GoogleSQL and DuckDB differ, one helper each, with one meaning on both.
 * What differs silently (null ordering, 1/0, week arithmetic …) is noted where it is settled;
 * `test/warehouse/dialect.test.ts` runs every helper on both engines.
 */

/** The engine's name of a type. Decimals are 38 digits with 9 after the point on both. */
export const typeName = (type: ColumnType): Sql =>
  ({
    string: by({ duckdb: sql`varchar`, bigquery: sql`string` }),
    integer: by({ duckdb: sql`bigint`, bigquery: sql`int64` }),
    number: by({ duckdb: sql`double`, bigquery: sql`float64` }),
    decimal: by({ duckdb: sql`decimal(38, 9)`, bigquery: sql`numeric` }),
    boolean: by({ duckdb: sql`boolean`, bigquery: sql`bool` }),
    date: sql`date`,
    timestamp: by({ duckdb: sql`timestamptz`, bigquery: sql`timestamp` }),
  })[type];

export const cast = (value: Sql, type: ColumnType): Sql => sql`cast(${value} as ${typeName(type)})`;

/** Null instead of an error where the value can't be read as the type. */
export const tryCast = (value: Sql, type: ColumnType): Sql =>
  by({
    duckdb: sql`try_cast(${value} as ${typeName(type)})`,
    bigquery: sql`safe_cast(${value} as ${typeName(type)})`,
  });

/** A typed null, so that a column keeps its type where its source is missing. */
export const nullOf = (type: ColumnType): Sql => cast(sql`null`, type);

/** Division that is null where the divisor is 0 or null; always a float. */
export const safeDivide = (dividend: Sql, divisor: Sql): Sql =>
  by({
    duckdb: sql`(cast(${dividend} as double) / nullif(cast(${divisor} as double), 0))`,
    bigquery: sql`safe_divide(cast(${dividend} as float64), cast(${divisor} as float64))`,
  });

/**
 * What is held against a threshold is kept, and compared, to ten decimals. The weights 0.1, 0.2 and 0.3 have no exact
 * binary form, so a mean of 75s comes out as 74.99999999999999, and would miss the 75 at which good begins; and floats
 * are added in no fixed order.
 */
export const toTenDecimals = (value: Sql): Sql => sql`(round(${value} * 1e10) / 1e10)`;

export const countIf = (condition: Sql): Sql =>
  // DuckDB's count_if is 2–4 times slower than a filtered count.
  by({ duckdb: sql`count(*) filter (where ${condition})`, bigquery: sql`countif(${condition})` });

/** Sum of integers, an integer (DuckDB's is a HUGEINT); null without rows. */
export const sumInteger = (value: Sql): Sql =>
  by({ duckdb: sql`cast(sum(${value}) as bigint)`, bigquery: sql`sum(${value})` });

/** Sum of counts, an integer: DuckDB adds floats twice as fast as its huge integers, in half the space; exact to 2^53. */
export const sumCount = (value: Sql): Sql =>
  by({ duckdb: sql`cast(sum(cast(${value} as double)) as bigint)`, bigquery: sql`sum(${value})` });

/** Sum of counts over a window, as `sumCount`. */
export const sumCountOver = (value: Sql, window: Sql): Sql =>
  by({
    duckdb: sql`cast(sum(cast(${value} as double)) over (${window}) as bigint)`,
    bigquery: sql`sum(${value}) over (${window})`,
  });

/** Least value of the rows for which the condition holds. */
export const minIf = (value: Sql, condition: Sql): Sql =>
  by({
    duckdb: sql`min(${value}) filter (where ${condition})`,
    bigquery: sql`min(if(${condition}, ${value}, null))`,
  });

/**
 * So many days later. BigQuery fails where that is after 9999-12-31, as systems write for never: of a number of days
 * that is known here it answers that day, on which nothing is built.
 */
export const addDays = (day: Sql, days: Sql | number): Sql => {
  const n = typeof days === "number" ? integer(days) : days;
  const inReach = typeof days === "number" && days > 0 ? sql`least(${day}, ${beforeNever(days)})` : day;
  return by({
    duckdb: sql`(${day} + cast(${n} as integer))`,
    bigquery: sql`date_add(${inReach}, interval ${n} day)`,
  });
};

const beforeNever = (days: number): Sql => {
  const last = new Date(Date.UTC(9999, 11, 31 - days));
  return sql`date ${text(last.toISOString().slice(0, 10))}`;
};

/**
 * A last day, or one after all days where there is none. For conditions of joins: an `or` in them makes DuckDB
 * compare every row with every other.
 */
export const orNever = (day: Sql): Sql => sql`coalesce(${day}, ${never})`;
export const never = sql`date '9999-12-31'`;

/** So many days later, and of days near that last one that one: no engine tells of others. `days` are 0 or more. */
export const addDaysAtMost = (day: Sql, days: Sql | number): Sql => {
  const n = typeof days === "number" ? integer(days) : days;
  return addDays(least(day, addDays(never, sql`(0 - ${n})`)), n);
};

/** Days from `from` to `to`, negative when `to` is earlier. */
export const daysBetween = (from: Sql, to: Sql): Sql =>
  by({ duckdb: sql`date_diff('day', ${from}, ${to})`, bigquery: sql`date_diff(${to}, ${from}, day)` });

/** Days since 1970-01-01: an integer order for windows by range. */
export const dayNumber = (day: Sql): Sql =>
  by({ duckdb: sql`date_diff('day', date '1970-01-01', ${day})`, bigquery: sql`unix_date(${day})` });

/** The Monday that names the day's week. */
export const weekOf = (day: Sql): Sql =>
  by({
    duckdb: sql`cast(date_trunc('week', ${day}) as date)`,
    bigquery: sql`date_trunc(${day}, week(monday))`,
  });

/** Weeks counted from the one of 1969-12-29, a Monday. */
export const weekNumber = (day: Sql): Sql => {
  // From Monday to Monday, as division rounds towards 0 and would give the weeks around 1970 one number.
  const monday = dayNumber(weekOf(day));
  return by({ duckdb: sql`((${monday} + 3) // 7)`, bigquery: sql`div(${monday} + 3, 7)` });
};

export type Grain = "day" | "week" | "month" | "quarter" | "year";

/** The first day of the period that holds the day; weeks start on Monday. */
export const periodOf = (day: Sql, grain: Grain): Sql =>
  grain === "week"
    ? weekOf(day)
    : by({
        duckdb: sql`cast(date_trunc(${text(grain)}, ${day}) as date)`,
        bigquery: sql`date_trunc(${day}, ${grainWords[grain]})`,
      });

/** The first day of the period so many periods later, given the first day of one. */
export const addPeriods = (period: Sql, n: number, grain: Grain): Sql => {
  if (grain === "day") return addDays(period, n);
  if (grain === "week") return addDays(period, 7 * n);
  const months = integer(n * { month: 1, quarter: 3, year: 12 }[grain]);
  return by({
    duckdb: sql`cast(${period} + to_months(cast(${months} as integer)) as date)`,
    bigquery: sql`date_add(${period}, interval ${months} month)`,
  });
};

/** The civil date of an instant in a time zone. */
export const dayOf = (instant: Sql, timeZone: string): Sql =>
  by({
    duckdb: sql`cast(${instant} at time zone ${text(timeZone)} as date)`,
    bigquery: sql`date(${instant}, ${text(timeZone)})`,
  });

/** The instant at which a civil date starts in a time zone. */
export const startOfDay = (day: Sql, timeZone: string): Sql =>
  by({
    duckdb: sql`(cast(${day} as timestamp) at time zone ${text(timeZone)})`,
    bigquery: sql`timestamp(${day}, ${text(timeZone)})`,
  });

/** The instant of a raw column that is one, or local time of a zone where its type has no zone. */
export const instantIn = (value: Sql, timeZone: string): Sql => {
  const zoned = cast(value, "timestamp");
  if (timeZone === "UTC") return zoned;
  const local = sql`cast(${value} as timestamp) at time zone ${text(timeZone)}`;
  return by({
    duckdb: sql`case when typeof(${value}) = 'TIMESTAMP WITH TIME ZONE' then ${zoned} else ${local} end`,
    bigquery: zoned,
  });
};

/**
 * A day or instant of the years 1 to 9999, as both engines can tell it; null where it is of others: DuckDB's raw columns
 * reach farther, to infinity.
 */
export const dateToTell = (day: Sql): Sql =>
  by({
    duckdb: sql`case when ${day} >= date '0001-01-01' and ${day} <= ${never} then ${day} end`,
    bigquery: day,
  });
export const instantToTell = (instant: Sql, timeZone: string): Sql => {
  const startOf = (day: string, zone = timeZone): Sql => startOfDay(text(day), zone);
  const end = sql`least(${startOf("10000-01-01")}, ${startOf("10000-01-01", "UTC")})`;
  return by({
    duckdb: sql`case when ${instant} >= ${startOf("0001-01-01")} and ${instant} < ${end} then ${instant} end`,
    bigquery: instant,
  });
};

/** Whole seconds from one instant to another. */
export const secondsBetween = (from: Sql, to: Sql): Sql =>
  by({
    duckdb: sql`date_sub('second', ${from}, ${to})`,
    bigquery: sql`timestamp_diff(${to}, ${from}, second)`,
  });

/** One row per day, or every so many days, from `from` to `to` as the column `day`, for `cross join`; none where `to` is earlier or null. */
export const eachDay = (from: Sql, to: Sql, every = 1): Sql =>
  by({
    duckdb: sql`lateral (select cast(unnest(generate_series(${from}, ${to}, interval ${integer(every)} day)) as date) as day) as days`,
    bigquery: sql`unnest(generate_date_array(${from}, ${to}, interval ${integer(every)} day)) as day`,
  });

/** One row per month, from a day on and up to another, by the day of the month of `from`, as `eachDay`. */
export const eachMonth = (from: Sql, to: Sql): Sql =>
  by({
    duckdb: sql`lateral (select cast(unnest(generate_series(${from}, ${to}, interval 1 month)) as date) as day) as months`,
    bigquery: sql`unnest(generate_date_array(${from}, ${to}, interval 1 month)) as day`,
  });

/** Text of a value of a type; numbers without needless zeros ("5", "1250.5"), dates in ISO form. */
export const toText = (value: Sql, type: ColumnType): Sql => {
  if (type === "number") {
    const isWhole = sql`abs(${value}) < 9e15 and ${value} = trunc(${value})`;
    return sql`case when ${isWhole} then ${cast(tryCast(value, "integer"), "string")} else ${cast(value, "string")} end`;
  }
  if (type !== "decimal") return cast(value, "string");
  return by({
    duckdb: sql`regexp_replace(${cast(value, "string")}, '\\.0+$|(\\.\\d*[1-9])0+$', '\\1')`,
    bigquery: cast(value, "string"),
  });
};

/** Text without the blanks, tabs and line ends around it; DuckDB's trim takes no UUID or enum. */
export const trimmed = (value: Sql): Sql =>
  by({
    duckdb: sql`trim_blanks(cast(${value} as varchar))`,
    bigquery: sql`trim(${value}, ${text(" \t\n\r\u00a0")})`,
  });

const listSeparator = ", ";

/** The texts that are not null as one comma-separated list; null where all are. */
export const joinTexts = (...texts: Sql[]): Sql =>
  by({
    duckdb: sql`nullif(concat_ws(${text(listSeparator)}, ${texts}), '')`,
    bigquery: sql`nullif(array_to_string([${texts}], ${text(listSeparator)}), '')`,
  });

/** Each entry of such a list as a row of column `alias`, for `cross join`. */
export const eachText = (list: Sql, alias: Sql): Sql =>
  by({
    duckdb: sql`lateral (select unnest(string_split(${list}, ${text(listSeparator)})) as ${alias}) as entries`,
    bigquery: sql`unnest(split(${list}, ${text(listSeparator)})) as ${alias}`,
  });

/** Whether the whole text matches; the pattern must mean the same to RE2 everywhere. */
export const matches = (value: Sql, pattern: string): Sql =>
  by({
    duckdb: sql`regexp_full_match(${value}, ${text(pattern)})`,
    bigquery: sql`regexp_contains(${value}, ${text(`^(?:${pattern})$`)})`,
  });

/** A civil date read by a strptime format, or null where the text doesn't fit it. */
export const parseDate = (value: Sql, format: string): Sql =>
  by({
    duckdb: sql`cast(try_strptime(${value}, ${text(format)}) as date)`,
    bigquery: sql`date(safe.parse_timestamp(${text(bigQueryFormat(format))}, ${value}, 'UTC'))`,
  });

/** An instant read by a strptime format, as local time of a zone unless the format has its own (%z); null where the text doesn't fit it. */
export const parseInstant = (value: Sql, format: string, timeZone: string): Sql => {
  const parsed = sql`try_strptime(${value}, ${text(format)})`;
  return by({
    duckdb: /%z/i.test(format) ? cast(parsed, "timestamp") : sql`(${parsed} at time zone ${text(timeZone)})`,
    bigquery: sql`safe.parse_timestamp(${text(bigQueryFormat(format))}, ${value}, ${text(timeZone)})`,
  });
};

/** The instant of ISO text with a zone or offset; null where it can't be read. */
export const isoInstant = (value: Sql): Sql =>
  by({ duckdb: tryCast(value, "timestamp"), bigquery: tryCast(inMicroseconds(value), "timestamp") });

/**
 * The instant of ISO text without a zone, as local time of a zone; null where it can't be read. In the hour
 * that a change of clocks repeats DuckDB takes the later instant, BigQuery the earlier.
 */
export const zonedInstant = (value: Sql, timeZone: string): Sql =>
  by({
    duckdb: sql`(try_cast(${value} as timestamp) at time zone ${text(timeZone)})`,
    bigquery: sql`timestamp(safe_cast(${inMicroseconds(sql`if(length(${value}) = 16, concat(${value}, ':00'), ${value})`)} as datetime), ${text(timeZone)})`,
  });

/** BigQuery reads no finer fractions. */
const inMicroseconds = (value: Sql): Sql => sql`regexp_replace(${value}, r'(\\.\\d{6})\\d+', r'\\1')`;

/** DuckDB writes fractions of a second as %S.%f or %S.%g, BigQuery as %E*S. */
const bigQueryFormat = (format: string): string => format.replace(/%S\.%[fgn]/g, "%E*S");

/** Nulls first, said aloud because the engines' defaults differ. */
export const ascending = (value: Sql): Sql => sql`${value} asc nulls first`;
export const descending = (value: Sql): Sql => sql`${value} desc nulls last`;

/** The lesser or greater of values, null where any is null (DuckDB's own skip nulls). */
export const least = (...values: Sql[]): Sql => extreme("least", values);
export const greatest = (...values: Sql[]): Sql => extreme("greatest", values);

/** Values in a bound array. */
export const inArray = (value: Sql, array: Sql): Sql =>
  by({ duckdb: sql`list_contains(${array}, ${value})`, bigquery: sql`${value} in unnest(${array})` });

/** What of a hash is left without its last bits, never below 0. */
const hashed = (duckdb: Sql, bigquery: Sql, without: number): Sql =>
  by({
    duckdb: sql`cast(hash(${duckdb}) >> ${integer(without)} as bigint)`,
    bigquery: sql`(farm_fingerprint(to_json_string(${bigquery})) >> ${integer(without)})`,
  });

/**
 * A row as a whole number of 44 bits, each engine's own. The sum over rows is exact, and tells them apart whatever
 * their order; with xor a row would hide its own copy.
 */
export const rowHash = (row: Sql): Sql => hashed(row, row, 20);

/**
 * Values as a whole number of 53 bits, which JavaScript reads as well, each engine's own: of two rows of which a value
 * differs one pair in 10^16 has the same.
 */
export const fingerprint = (values: readonly Sql[]): Sql => hashed(join(values), sql`struct(${values})`, 11);

/** The MD5 of a text, 32 hexadecimal digits: the same on every engine, so what is drawn by it is drawn alike. */
export const hexDigest = (value: Sql): Sql =>
  by({ duckdb: sql`md5(${value})`, bigquery: sql`to_hex(md5(${value}))` });

/** A row as a JSON object of its columns, as text. */
export const rowJson = (row: Sql): Sql =>
  by({ duckdb: sql`cast(to_json(${row}) as varchar)`, bigquery: sql`to_json_string(${row})` });

/** True where the condition holds; where it is false or null the statement fails, and its transaction with it. */
export const orFail = (condition: Sql, message: string): Sql =>
  sql`case when ${condition} then true else error(${text(message)}) end`;

function extreme(function_: "least" | "greatest", values: Sql[]): Sql {
  const anyNull = join(
    values.map((v) => sql`${v} is null`),
    " or ",
  );
  const call = function_ === "least" ? sql`least(${values})` : sql`greatest(${values})`;
  return by({ duckdb: sql`case when not (${anyNull}) then ${call} end`, bigquery: call });
}

const grainWords = { day: sql`day`, month: sql`month`, quarter: sql`quarter`, year: sql`year` };
