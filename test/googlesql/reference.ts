/**
 * GoogleSQL without a cloud account: Google's own analyser and reference implementation (an August 2023
 * build, npm package @fivetrandevelopers/zetasql), set as near to BigQuery as it goes. What it still takes
 * and BigQuery refuses is in `lint.ts`; what it can't evaluate is in `reference.test.ts`.
 */
import { withoutLiterals } from "./lint.js";
import { type Server, type ServerError, startServer } from "./server.js";
import {
  type ColumnType,
  columnType,
  decode,
  encode,
  googleSqlType,
  type TypeProto,
  typeProto,
  type ValueProto,
  type ValueType,
} from "./values.js";

export { referenceUnavailable } from "./server.js";
export type { ColumnType, ValueType } from "./values.js";

/** A statement with its named parameters: `@since` in the text, `since` here. */
export interface Statement {
  text: string;
  params: Record<string, { type: ValueType; value: unknown }>;
}

/** Tables by name, their columns by name. A name with dots is a path: "raw.tickets" is `raw`.`tickets`. */
export type Catalogue = Record<string, Record<string, ColumnType>>;

export interface GoogleSql extends AsyncDisposable {
  /**
   * Checks a query, DDL or DML and answers its output columns in order: Waymark's types, or GoogleSQL's
   * spelling of a type that Waymark has no word for ("ARRAY<JSON>"). DML has no output columns. About 10 ms.
   */
  analyze(statement: Statement, catalogue: Catalogue): Promise<Record<string, ColumnType | string>>;
  /**
   * Runs a query over rows given here; a table without rows is empty, a column left out is NULL. Values are
   * as in `values.ts`. Rows come in no promised order unless the query orders them.
   */
  evaluate(statement: Statement, catalogue: Catalogue, data: Record<string, Row[]>): Promise<Answer>;
  /**
   * Runs an INSERT and answers the rows that it adds to its table, which must be in the catalogue. Not for UPDATE and
   * DELETE, which tell rows by a primary key: the server ends over a table with one.
   */
  insert(
    statement: Statement,
    table: string,
    catalogue: Catalogue,
    data: Record<string, Row[]>,
  ): Promise<Row[]>;
  stop(): Promise<void>;
}

export type Row = Record<string, unknown>;

export interface Answer {
  columns: Record<string, ColumnType>;
  rows: Row[];
}

/** Takes about a second; one server serves any number of calls at once. */
export async function startReference(): Promise<GoogleSql> {
  const server = await startServer();
  const language = await bigQueryLanguage(server);
  const evaluation = (statement: Statement, catalogue: Catalogue, data: Record<string, Row[]>) => ({
    options: analyzerOptions(statement, language),
    simpleCatalog: simpleCatalog(catalogue, language),
    tableContent: tableContent(catalogue, data),
    sql: withQuotedPaths(statement.text, catalogue),
    params: Object.entries(statement.params).map(([name, { type, value }]) => ({
      name,
      value: located(`parameter @${name}`, () => encode(value, type)),
    })),
  });

  return {
    async analyze(statement, catalogue) {
      const reply = await ask<{ resolvedStatement: ResolvedNode }>(server, "Analyze", statement, {
        options: analyzerOptions(statement, language),
        simpleCatalog: simpleCatalog(catalogue, language),
        sqlStatement: withQuotedPaths(statement.text, catalogue),
      });
      const node = innermost(reply.resolvedStatement);
      checkPartitioning(node, statement);
      const outputs = (node.outputColumnList ?? []).map(({ name, column }) => ({ name, type: column.type }));
      return named(outputs, statement, (type) => columnType(type) ?? googleSqlType(type));
    },

    async evaluate(statement, catalogue, data) {
      const request = evaluation(statement, catalogue, data);
      const reply = await ask<EvaluateReply>(server, "EvaluateQuery", statement, request);
      const columns = named(reply.prepared.columns ?? [], statement, (type, name) => {
        const known = columnType(type);
        if (known) return known;
        throw failure(`Column ${name} is ${googleSqlType(type)}, which no row can carry`, statement);
      });
      const types = Object.entries(columns);
      const rows = (reply.content.tableData?.row ?? []).map(({ cell = [] }) =>
        Object.fromEntries(types.map(([name, type], i) => [name, decode(cell[i], type)])),
      );
      return { columns, rows };
    },

    async insert(statement, table, catalogue, data) {
      const request = evaluation(statement, catalogue, data);
      const { content = [] } = await ask<ModifyReply>(server, "EvaluateModify", statement, request);
      const types = Object.entries(catalogue[table] ?? {});
      return content.map(({ operation, cell = [] }) => {
        if (operation !== "INSERT") throw failure(`Expected an INSERT, not an ${operation}`, statement);
        return Object.fromEntries(types.map(([name, type], i) => [name, decode(cell[i], type)]));
      });
    },

    stop: server.stop,
    [Symbol.asyncDispose]: server.stop,
  };
}

interface EvaluateReply {
  prepared: { columns?: { name: string; type: TypeProto }[] };
  content: { tableData?: { row?: { cell?: ValueProto[] }[] } };
}

interface ModifyReply {
  content?: { operation: string; cell?: ValueProto[] }[];
}

/** A statement is wrapped in its supertypes; each wrapper's `node` names the member that holds the next. */
interface ResolvedNode {
  node?: string;
  outputColumnList?: { name: string; column: { type: TypeProto } }[];
  partitionByList?: { resolvedColumnRefNode?: { column: { name: string; type: TypeProto } } }[];
  [member: string]: unknown;
}

function innermost(statement: ResolvedNode): ResolvedNode {
  return statement.node ? innermost(statement[statement.node] as ResolvedNode) : statement;
}

/** zetasql.LanguageOptionsProto. */
interface Language {
  enabledLanguageFeatures: string[];
  [option: string]: unknown;
}

async function bigQueryLanguage(server: Server): Promise<Language> {
  const { enabledLanguageFeatures } = await server.call<Language>("GetLanguageOptions", {
    maximumFeatures: true,
  });
  return {
    enabledLanguageFeatures: enabledLanguageFeatures.filter((name) => !notInBigQuery.includes(name)),
    nameResolutionMode: "NAME_RESOLUTION_DEFAULT",
    productMode: "PRODUCT_EXTERNAL",
    supportedStatementKinds: [], // none means all
    reservedKeywords: ["QUALIFY"],
  };
}

/** BigQuery keeps microseconds, and neither compares, orders nor groups by arrays. */
const notInBigQuery = [
  "FEATURE_TIMESTAMP_NANOS",
  "FEATURE_V_1_1_ARRAY_EQUALITY",
  "FEATURE_V_1_3_ARRAY_ORDERING",
  "FEATURE_V_1_2_GROUP_BY_ARRAY",
];

/** The OPTIONS of BigQuery's tables that are of use here; the analyser refuses any other. */
const tableOptions: Record<string, TypeProto> = {
  description: typeProto("string"),
  friendly_name: typeProto("string"),
  expiration_timestamp: typeProto("timestamp"),
  partition_expiration_days: typeProto("number"),
  require_partition_filter: typeProto("boolean"),
  labels: {
    typeKind: "TYPE_ARRAY",
    arrayType: {
      elementType: {
        typeKind: "TYPE_STRUCT",
        structType: {
          field: [
            { fieldName: "", fieldType: typeProto("string") },
            { fieldName: "", fieldType: typeProto("string") },
          ],
        },
      },
    },
  },
};

const analyzerOptions = ({ params }: Statement, languageOptions: Language) => ({
  languageOptions,
  parameterMode: "PARAMETER_NAMED",
  queryParameters: Object.entries(params).map(([name, { type }]) => ({ name, type: typeProto(type) })),
  defaultTimezone: "UTC",
  errorMessageMode: "ERROR_MESSAGE_MULTI_LINE_WITH_CARET",
  allowedHintsAndOptions: {
    disallowUnknownOptions: true,
    option: Object.entries(tableOptions).map(([name, type]) => ({ name, type })),
  },
});

const simpleCatalog = (catalogue: Catalogue, languageOptions: Language) => ({
  name: "catalogue",
  builtinFunctionOptions: { languageOptions },
  table: Object.entries(catalogue).map(([name, columns], i) => ({
    name,
    serializationId: String(i + 1),
    column: Object.entries(columns).map(([column, type]) => ({ name: column, type: typeProto(type) })),
  })),
});

function tableContent(catalogue: Catalogue, data: Record<string, Row[]>) {
  for (const table of Object.keys(data)) {
    if (Object.hasOwn(catalogue, table)) continue;
    throw new TypeError(`Rows are given for ${table}, which is not in the catalogue`);
  }
  return Object.fromEntries(
    Object.entries(catalogue).map(([table, columns]) => [
      table,
      {
        tableData: {
          row: (data[table] ?? []).map((row, i) => encodeRow(row, columns, `${table}, row ${i + 1}`)),
        },
      },
    ]),
  );
}

function encodeRow(row: Row, columns: Record<string, ColumnType>, place: string) {
  const stranger = Object.keys(row).find((column) => !Object.hasOwn(columns, column));
  if (stranger !== undefined) {
    throw new TypeError(`${place}: there is no column ${stranger}, only ${Object.keys(columns).join(", ")}`);
  }
  return {
    cell: Object.entries(columns).map(([column, type]) =>
      located(`${place}, column ${column}`, () => encode(row[column], type)),
    ),
  };
}

function located<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new TypeError(`${place}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * The engine takes rows only for tables at the root of its catalogue, where "raw.tickets" is one name. So a
 * path is written as one quoted name, which BigQuery reads as a path too; blanks keep error positions right.
 */
function withQuotedPaths(text: string, catalogue: Catalogue): string {
  let written = "";
  let from = 0;
  for (const { 0: path, index } of withoutLiterals(text).matchAll(paths)) {
    const name = path.replace(/`|\s*(\.)\s*/g, "$1");
    if (!name.includes(".") || !Object.hasOwn(catalogue, name)) continue;
    written += text.slice(from, index) + `\`${name}\``.padEnd(path.length);
    from = index + path.length;
  }
  return written + text.slice(from);
}

const paths = /(?:`[^`]+`|[a-z_]\w*)(?:\s*\.\s*(?:`[^`]+`|[a-z_]\w*))*/gi;

/** BigQuery partitions by a day, or by an expression such as timestamp_trunc(…); the analyser takes any column. */
function checkPartitioning(node: ResolvedNode, statement: Statement): void {
  for (const { resolvedColumnRefNode: reference } of node.partitionByList ?? []) {
    if (!reference || columnType(reference.column.type) === "date") continue;
    const { name, type } = reference.column;
    throw failure(`BigQuery partitions by a DATE column; ${name} is ${googleSqlType(type)}`, statement);
  }
}

/** BigQuery refuses to store a column without a name or two with the same, and a row here would lose one. */
function named<T>(
  columns: { name: string; type: TypeProto }[],
  statement: Statement,
  read: (type: TypeProto, name: string) => T,
): Record<string, T> {
  const result: Record<string, T> = {};
  for (const [i, { name, type }] of columns.entries()) {
    if (name === "" || name.startsWith("$")) throw failure(`Output column ${i + 1} has no name`, statement);
    if (Object.hasOwn(result, name)) throw failure(`Two output columns are named ${name}`, statement);
    result[name] = read(type, name);
  }
  return result;
}

async function ask<Reply>(
  server: Server,
  method: string,
  statement: Statement,
  request: object,
): Promise<Reply> {
  try {
    return await server.call<Reply>(method, request);
  } catch (error) {
    const { code, details, message } = error as ServerError;
    const refusal = refusals[code];
    // A refusal says everything itself; a cause would only print it twice.
    throw refusal
      ? failure(refusal(details), statement)
      : failure(`GoogleSQL's server failed: ${message}`, statement, error);
  }
}

/** By gRPC's status code. */
const refusals: Record<number, (details: string) => string> = {
  3: (details) => `GoogleSQL refuses this: ${details}`,
  8: (details) => `GoogleSQL's server takes at most 4 MB of rows and SQL; give it fewer rows: ${details}`,
  11: (details) => `GoogleSQL failed while evaluating: ${details}`,
  // What follows the first line is the whole resolved tree.
  12: (details) => `The reference implementation can't evaluate this: ${details.split("\n")[0]}`,
};

const failure = (message: string, statement: Statement, cause?: unknown): Error =>
  new Error(`${message}\n\nThe statement:\n${statement.text}`, cause === undefined ? {} : { cause });
