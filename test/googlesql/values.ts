import type { ColumnType } from "../../warehouse/sql.js";

/**
 * Values between JavaScript and GoogleSQL's protocol buffers, without a detour through floating point:
 *
 * string · integer as a number, or a bigint beyond ±2^53 · number, also NaN and ±Infinity · decimal as exact
 * text without needless zeros ("1250.5") · boolean · date as "YYYY-MM-DD" · timestamp as a Date (finer parts
 * than milliseconds are cut off) · null.
 */
export type { ColumnType };

/** A column's type, or for parameters an array of it. */
export type ValueType = ColumnType | `${ColumnType}[]`;

/** The part of zetasql.TypeProto that is read here. */
export interface TypeProto {
  typeKind: string;
  arrayType?: { elementType: TypeProto };
  structType?: { field?: { fieldName: string; fieldType: TypeProto }[] };
}

/** The part of zetasql.ValueProto that is read and written here; no field at all is NULL. */
export interface ValueProto {
  stringValue?: string;
  int64Value?: string;
  doubleValue?: number;
  numericValue?: Uint8Array;
  boolValue?: boolean;
  dateValue?: number;
  timestampValue?: { seconds?: string; nanos?: number };
  arrayValue?: { element: ValueProto[] };
}

const kinds: Record<ColumnType, string> = {
  string: "TYPE_STRING",
  integer: "TYPE_INT64",
  number: "TYPE_DOUBLE",
  decimal: "TYPE_NUMERIC",
  boolean: "TYPE_BOOL",
  date: "TYPE_DATE",
  timestamp: "TYPE_TIMESTAMP",
};

export function typeProto(type: ValueType): TypeProto {
  if (!type.endsWith("[]")) return { typeKind: kinds[type as ColumnType] };
  return { typeKind: "TYPE_ARRAY", arrayType: { elementType: typeProto(type.slice(0, -2) as ColumnType) } };
}

/** Waymark's word for a type, or null for a type that no Waymark column has. */
export function columnType(proto: TypeProto): ColumnType | null {
  return (Object.keys(kinds) as ColumnType[]).find((type) => kinds[type] === proto.typeKind) ?? null;
}

/** GoogleSQL's spelling of a type: `ARRAY<STRUCT<a INT64, b JSON>>`. */
export function googleSqlType(proto: TypeProto): string {
  if (proto.arrayType) return `ARRAY<${googleSqlType(proto.arrayType.elementType)}>`;
  if (proto.structType) {
    const fields = proto.structType.field ?? [];
    return `STRUCT<${fields.map((f) => `${f.fieldName} ${googleSqlType(f.fieldType)}`.trim()).join(", ")}>`;
  }
  const name = proto.typeKind.replace("TYPE_", "");
  return name === "DOUBLE" ? "FLOAT64" : name;
}

/** Strict on purpose: a fixture of the wrong type would otherwise test something else than it says. */
export function encode(value: unknown, type: ValueType): ValueProto {
  if (value === null || value === undefined) return {};
  if (type.endsWith("[]")) {
    if (!Array.isArray(value)) throw mismatch(value, type);
    return {
      arrayValue: { element: value.map((element) => encode(element, type.slice(0, -2) as ColumnType)) },
    };
  }
  const encoded = encodeScalar(value, type as ColumnType);
  if (!encoded) throw mismatch(value, type);
  return encoded;
}

function encodeScalar(value: unknown, type: ColumnType): ValueProto | null {
  switch (type) {
    case "string":
      return typeof value === "string" ? { stringValue: value } : null;
    case "integer":
      return Number.isSafeInteger(value) || (typeof value === "bigint" && BigInt.asIntN(64, value) === value)
        ? { int64Value: String(value) }
        : null;
    case "number":
      return typeof value === "number" ? { doubleValue: value } : null;
    case "decimal":
      return typeof value === "string" && /^-?\d{1,29}(\.\d{1,9})?$/.test(value)
        ? { numericValue: bytesOf(billionths(value)) }
        : null;
    case "boolean":
      return typeof value === "boolean" ? { boolValue: value } : null;
    case "date": {
      if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return null;
      const day = Date.parse(`${value}T00:00:00Z`) / millisecondsPerDay;
      return Number.isInteger(day) && isoDay(day) === value ? { dateValue: day } : null;
    }
    case "timestamp": {
      if (!(value instanceof Date) || Number.isNaN(value.getTime())) return null;
      const seconds = Math.floor(value.getTime() / 1000);
      return {
        timestampValue: { seconds: String(seconds), nanos: (value.getTime() - seconds * 1000) * 1e6 },
      };
    }
  }
}

export function decode(value: ValueProto | undefined, type: ColumnType): unknown {
  // The set member of the oneof tells NULL from 0, "" and false.
  if (value === undefined || !("value" in value)) return null;
  switch (type) {
    case "string":
      return value.stringValue;
    case "integer": {
      const number = Number(value.int64Value);
      return Number.isSafeInteger(number) ? number : BigInt(value.int64Value ?? "");
    }
    case "number":
      return value.doubleValue;
    case "decimal":
      return decimalText(integerOf(value.numericValue ?? new Uint8Array()));
    case "boolean":
      return value.boolValue;
    case "date":
      return isoDay(value.dateValue ?? 0);
    case "timestamp": {
      const { seconds = "0", nanos = 0 } = value.timestampValue ?? {};
      return new Date(Number(seconds) * 1000 + Math.floor(nanos / 1e6));
    }
  }
}

const millisecondsPerDay = 86_400_000;

const isoDay = (day: number): string => new Date(day * millisecondsPerDay).toISOString().slice(0, 10);

/** NUMERIC travels as a whole number of 1e-9, in as few little-endian two's complement bytes as hold it. */
function bytesOf(integer: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = integer; ; rest >>= 8n) {
    bytes.push(Number(rest & 0xffn));
    if (BigInt.asIntN(8, rest) === rest) return Uint8Array.from(bytes);
  }
}

function integerOf(bytes: Uint8Array): bigint {
  const unsigned = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return BigInt.asIntN(8 * bytes.length, unsigned);
}

function billionths(decimal: string): bigint {
  const [whole = "", fraction = ""] = decimal.split(".");
  return BigInt(whole + fraction.padEnd(9, "0"));
}

function decimalText(units: bigint): string {
  const digits = String(units < 0n ? -units : units).padStart(10, "0");
  const fraction = digits.slice(-9).replace(/0+$/, "");
  return `${units < 0n ? "-" : ""}${digits.slice(0, -9)}${fraction && "."}${fraction}`;
}

const expectations: Record<ColumnType, string> = {
  string: "a string",
  integer: "a whole number or bigint of 64 bits",
  number: "a number",
  decimal: 'text like "1250.5" with at most 29 digits before and 9 after the point',
  boolean: "true or false",
  date: 'a day like "2024-02-29"',
  timestamp: "a valid Date",
};

function mismatch(value: unknown, type: ValueType): TypeError {
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  const expected = type.endsWith("[]") ? "an array" : expectations[type as ColumnType];
  return new TypeError(
    `${shown} (a JavaScript ${typeof value}) can't be bound as ${type}; expected ${expected}`,
  );
}
