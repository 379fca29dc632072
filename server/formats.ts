import {
  AsyncByteQueue,
  Bool,
  type DataType,
  DateDay,
  Field,
  Float64,
  Int32,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Timestamp,
  TimeUnit,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import { ByteWriter, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import type { Column, Kind } from "./columns.js";
import { csv } from "./csv.js";
import type { Cell, CellRow } from "./rows.js";

/** How rows are written. Text of a list, and of an object within one, is the same in all. */
export interface Format {
  readonly name: string;
  readonly type: string;
  readonly write: (columns: readonly Column[], batches: Batches) => AsyncIterable<string | Uint8Array>;
}
export type Batches = AsyncIterable<readonly CellRow[]>;

export const formats: readonly Format[] = [
  {
    name: "csv",
    type: "text/csv; charset=utf-8; header=present",
    async *write(columns, batches) {
      yield csv([columns.map(({ name }) => name)]);
      for await (const rows of batches) yield csv(rows.map((row) => columns.map(({ name }) => row[name])));
    },
  },
  {
    name: "json",
    type: "application/json; charset=utf-8",
    async *write(columns, batches) {
      let before = "[\n";
      for await (const rows of batches) {
        if (rows.length === 0) continue;
        yield before + rows.map((row) => json(columns, row)).join(",\n");
        before = ",\n";
      }
      yield before.startsWith("[") ? "[]\n" : "\n]\n";
    },
  },
  {
    name: "ndjson",
    type: "application/x-ndjson; charset=utf-8",
    async *write(columns, batches) {
      for await (const rows of batches) yield rows.map((row) => `${json(columns, row)}\n`).join("");
    },
  },
  { name: "arrow", type: "application/vnd.apache.arrow.stream", write: arrow },
  { name: "parquet", type: "application/vnd.apache.parquet", write: parquet },
];

const json = (columns: readonly Column[], row: CellRow): string =>
  JSON.stringify(Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null])));

/** Rows that are written together where columns are: more take more memory, fewer more space. */
const rowsPerGroup = 10_000;

async function* inGroups(batches: Batches): AsyncGenerator<readonly CellRow[], void> {
  let group: CellRow[] = [];
  for await (const rows of batches) {
    group.push(...rows);
    if (group.length < rowsPerGroup) continue;
    yield group;
    group = [];
  }
  yield group; // an empty one, too: readers want to know the columns
}

/** A cell as its column's kind has it. Decimals are doubles, which tools reckon with: exact ones are in the other formats. */
function typed(cell: Cell, kind: Kind): string | number | boolean | Date | null {
  if (cell === null || cell === undefined) return null;
  switch (kind) {
    case "integer":
    case "number":
      return Number(cell);
    case "boolean":
      return cell === true;
    case "day":
    case "instant":
      return cell instanceof Date ? cell : new Date(String(cell)); // a day alone is its midnight in UTC
    default:
      return cell instanceof Date ? cell.toISOString() : String(cell);
  }
}

const valuesOf = ({ name, kind }: Column, rows: readonly CellRow[]) =>
  rows.map((row) => typed(row[name], kind));

const arrowTypes: Readonly<Record<Kind, DataType>> = {
  text: new Utf8(),
  integer: new Int32(),
  number: new Float64(),
  boolean: new Bool(),
  day: new DateDay(),
  instant: new Timestamp(TimeUnit.MILLISECOND, "UTC"),
};

/** Hands out what it has written, where the library's own would keep all of it until somebody takes it. */
class ArrowWriter extends RecordBatchStreamWriter {
  /** What was written since the last time. */
  written(): Uint8Array {
    const bytes = this._sink.toUint8Array(true);
    this._sink = new AsyncByteQueue();
    return bytes;
  }
}

async function* arrow(columns: readonly Column[], batches: Batches): AsyncGenerator<Uint8Array, void> {
  const writer = new ArrowWriter();
  const fields = columns.map(({ name, kind }) => new Field(name, arrowTypes[kind], true));
  const schema = new Schema(fields);
  for await (const rows of inGroups(batches)) {
    const children = columns.map(
      (column) => vectorFromArray(valuesOf(column, rows), arrowTypes[column.kind]).data[0] as never,
    );
    writer.write(
      new RecordBatch(
        schema,
        makeData({ type: new Struct(fields), length: rows.length, nullCount: 0, children }),
      ),
    );
    yield writer.written();
  }
  writer.finish();
  yield writer.written();
}

const parquetTypes: Readonly<Record<Kind, Partial<SchemaElement>>> = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  integer: { type: "INT32" },
  number: { type: "DOUBLE" },
  boolean: { type: "BOOLEAN" },
  day: { type: "INT32", converted_type: "DATE" },
  instant: { type: "INT64", converted_type: "TIMESTAMP_MILLIS" },
};

/** A row group each time, so that no more of a large answer is held than one. */
async function* parquet(columns: readonly Column[], batches: Batches): AsyncGenerator<Uint8Array, void> {
  const writer = new ByteWriter();
  /** What was written since the last time. */
  const written = (): Uint8Array => {
    const bytes = writer.getBytes().slice();
    writer.index = 0;
    return bytes;
  };
  const schema: SchemaElement[] = [
    { name: "root", num_children: columns.length },
    ...columns.map(
      ({ name, kind }): SchemaElement => ({ name, repetition_type: "OPTIONAL", ...parquetTypes[kind] }),
    ),
  ];
  const file = new ParquetWriter({ writer, schema, createdBy: "waymark" });
  for await (const rows of inGroups(batches)) {
    if (rows.length > 0)
      await file.write({
        columnData: columns.map((column) => ({ name: column.name, data: valuesOf(column, rows) })),
      });
    yield written();
  }
  await file.finish();
  yield written();
}
