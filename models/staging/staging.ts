import {
  ascending,
  dayOf,
  descending,
  joinTexts,
  nullOf,
  rowHash,
  sumInteger,
} from "../../warehouse/dialect.js";
import { inPart, join, name, path, type Sql, sql, text } from "../../warehouse/sql.js";
import {
  attributeColumns,
  type Company,
  type CompanyWords,
  defineModel,
  type Model,
  type ModelColumn,
  type ModelColumns,
  type Readable,
  ref,
} from "../model.js";
import { hashOf, keyOf, stagedKeyOf } from "../sources/changes.js";
import type { SourceName } from "../sources/index.js";
import type { MappedSource } from "../sources/mapping.js";
import { outOfBounds, type Source, type SourceColumn } from "../sources/source.js";

/** Something impossible about a row, and whether the row counts all the same. */
export interface Defect {
  readonly defect: string;
  readonly when: Sql;
  readonly isUsable: boolean;
}

interface Staging<S extends Source, D extends ModelColumns> {
  source: S;
  description: string;
  /** What account ids are held against; "none" for accounts themselves. Of a staging table the row that counts. */
  accounts: "none" | (Readable & { readonly source?: SourceName });
  /** The instant that decides the row's day; adds the column `day` and the defect `before_account`. */
  occurredAt?: keyof S["columns"] & string;
  /** As in a model, of the versions of a row; by default the first of its days. */
  changesFrom?: (words: CompanyWords) => Sql;
  /** The account, where it isn't the source's own column. The row is `r`. */
  accountId?: (company: Company) => { value: Sql; joins: Sql } | undefined;
  /** What is impossible in this source beyond what may be in any. The row is `r`, its account `a`. */
  defects?: (company: Company) => readonly Defect[];
  /** Further columns, read from `judged`: the row, with `unusable` and `unusual`, its two kinds of defects. */
  derived?: { [K in keyof D]: D[K] & { readonly sql: Sql | ((company: Company) => Sql) } };
}

/** The columns that staging adds to a source's own. */
const addedColumns = {
  occurrence: {
    type: "integer",
    notNull: true,
    min: 1,
    description: "1, or 2 … where the same id stands on rows of different content.",
  },
  copies: {
    type: "integer",
    notNull: true,
    min: 1,
    description: "Raw rows with exactly this content; they count as one.",
  },
  checksum: {
    type: "integer",
    notNull: true,
    isOfEngine: true,
    description: "Sum of hashes of these raw rows as they were read, by which later changes are found.",
  },
  id_hash: {
    type: "integer",
    notNull: true,
    isOfEngine: true,
    description: "Hash of the id, by which its rows are found: a fraction of what there is to read of ids.",
  },
  defects: {
    type: "string",
    description: "All that is wrong with the row, comma-separated; null where nothing is.",
  },
  is_usable: {
    type: "boolean",
    notNull: true,
    description: "Whether the row counts; one that doesn't is kept to be read and counted.",
  },
} as const satisfies ModelColumns;

const dayColumn = {
  day: { type: "date", description: "The civil day on which it happened, in the company's time zone." },
} as const;

type StagingColumns<S extends Source, D extends ModelColumns> = {
  [K in keyof S["columns"]]: ModelColumn & { type: S["columns"][K]["type"]; notNull?: false };
} & D &
  typeof addedColumns;

/**
 * A staging model: rename, cast, merge exact copies, and say what is wrong with each row. Nothing is dropped:
 * every content that a raw row has is a row here, usable or not; a value that breaks its rules becomes null.
 */
export function defineStaging<const S extends Source, const D extends ModelColumns = Record<never, never>>(
  staging: Staging<S, D>,
): Model<StagingColumns<S, D> & typeof dayColumn> {
  const { source } = staging;
  const own = Object.fromEntries(
    Object.entries(source.columns).map(([column, { type, description }]) => [column, { type, description }]),
  );
  const { changesFrom } = staging;
  const columns = { ...own, ...(staging.occurredAt ? dayColumn : {}), ...staging.derived, ...addedColumns };
  return defineModel<ModelColumns>({
    name: `stg_${source.name}`,
    description: staging.description,
    grain: [source.key, "occurrence"],
    columns,
    companyColumns: (words) => (source.name === "accounts" ? attributeColumns(words) : {}),
    ...(staging.occurredAt ? { occurredAt: staging.occurredAt, sortBy: ["day"] } : {}),
    ...(changesFrom ? { changesFrom } : {}),
    source: source.name as SourceName,
    ...(staging.accounts === "none" ? {} : { asksFor: { [staging.accounts.name]: ["created_on"] } }),
    query: (company) => {
      const mapped = company.sources[source.name as SourceName];
      return mapped ? stage(staging, mapped, company) : noRows(columns);
    },
  }) as unknown as Model<StagingColumns<S, D> & typeof dayColumn>;
}

function stage(staging: Staging<Source, ModelColumns>, mapped: MappedSource, company: Company): Sql {
  const { source, occurredAt } = staging;
  const accountId = staging.accountId?.(company);
  const attributes = source.name === "accounts" ? Object.keys(attributeColumns(company)) : [];
  const columns = [...Object.keys(source.columns), ...attributes];
  const isMapped = (column: string): boolean => column in mapped.columns;
  const content = columns.filter((column) => isMapped(column) && column !== "loaded_at");
  const isCollision = source.sameKey === "collision";
  // A later copy of an event tells nothing new; a later copy of a version makes that version the latest again.
  const loadedAt = isMapped("loaded_at")
    ? sql`${isCollision ? sql`min` : sql`max`}(loaded_at) as loaded_at,`
    : sql``;

  const values = columns.map((column) => {
    const rules = source.columns[column] ?? { type: "string", description: "" };
    const raw = mapped.columns[column];
    if (!raw) return { column, value: nullOf(rules.type), defects: [], read: [] };
    const isGiven = name(`${column}_is_given`);
    const read = [sql`${raw.value} as ${name(column)}`, sql`${raw.isPresent} as ${isGiven}`];
    return { ...checked(column, rules, sql`c.${name(column)}`, sql`c.${isGiven}`, raw.mayFail), read };
  });
  const account = accountId?.value ?? sql`r.account_id`;
  // Where the account may come from elsewhere, it is missing only when it isn't found there either.
  const missingAccount: Defect = {
    defect: "missing_account_id",
    when: sql`${account} is null`,
    isUsable: false,
  };
  const valueDefects = values
    .flatMap((value) => value.defects)
    .filter(({ defect }) => !(accountId && defect === missingAccount.defect));

  const sameKey: Defect = isCollision
    ? { defect: "id_collision", when: sql`r.rows_with_id > 1`, isUsable: true }
    : {
        defect: isMapped("loaded_at") ? "superseded" : "id_collision",
        when: sql`r.occurrence > 1`,
        isUsable: false,
      };
  const day = occurredAt ? dayOf(sql`r.${name(occurredAt)}`, company.timeZone) : undefined;
  const rowDefects: Defect[] = [
    sameKey,
    ...(accountId ? [missingAccount] : []),
    ...(staging.accounts === "none"
      ? []
      : [
          {
            defect: "unknown_account",
            when: sql`a.account_id is null and ${account} is not null`,
            isUsable: false,
          },
        ]),
    ...(day ? [{ defect: "before_account", when: sql`${day} < a.created_on`, isUsable: false }] : []),
    ...(staging.defects?.(company) ?? []),
  ];
  const judgedColumns = columns.map((column) => (column === "account_id" ? account : sql`r.${name(column)}`));
  const derived = Object.entries<{ sql: Sql | ((company: Company) => Sql) }>(staging.derived ?? {});

  const key = keyOf(source, mapped.columns);
  /** Contents as `c`, as rows with typed values: each is read once, whatever is asked of it. */
  const readFrom = (contents: Sql): Sql => sql`
  select
    ${lines(values.map(({ column, value }) => sql`${value} as ${name(column)}`))},
    c.copies as copies,
    c.checksum as checksum,
    ${listOf(valueDefects.filter((d) => !d.isUsable))} as unusable_values,
    ${listOf(valueDefects.filter((d) => d.isUsable))} as unusual_values
  from (
    select
      ${lines([...values.flatMap(({ read }) => read), sql`c.copies as copies`, sql`c.checksum as checksum`])}
    from ${contents} as c
  ) as c`;
  const read = [...columns.map(name), sql`copies`, sql`checksum`, sql`unusable_values`, sql`unusual_values`];

  const readMerged = sql`
  select
    ${read},
    row_number() over (
      partition by ${name(source.key)}
      order by ${[descending(sql`loaded_at`), ...columns.filter((c) => c !== "loaded_at" && c !== source.key).map((c) => ascending(name(c)))]}
    ) as occurrence,
    count(*) over (partition by ${name(source.key)}) as rows_with_id
  from (${readFrom(sql`merged`)}
  ) as read_rows`;
  const readSingle = sql`
  select
    ${read},
    1 as occurrence,
    1 as rows_with_id
  from (${readFrom(sql`single`)}
  ) as read_rows`;

  // Most rows are the only ones with their key: these need neither merging nor numbering. The few of a part are soon
  // merged, all of them, and a statement half as long is planned in half the time.
  return sql`
with ${ofWhole(sql`repeated_keys as (
  select key
  from (select ${key} as key from ${rawRows(mapped)} as c) as keys
  group by key
  having count(*) > 1
),
`)}merged as (
  select
    ${content.map(name)},
    ${loadedAt}
    count(*) as copies,
    ${sumInteger(rowHash(sql`c`))} as checksum
  from ${rawRows(mapped)} as c
  ${ofWhole(sql`where ${key} in (select key from repeated_keys)`)}
  group by ${content.map(name)}
),
${ofWhole(sql`single as (
  select c.*, 1 as copies, ${rowHash(sql`c`)} as checksum
  from ${rawRows(mapped)} as c
  where ${key} not in (select key from repeated_keys)
),
`)}numbered as (${readMerged}${ofWhole(sql`
  union all${readSingle}`)}
),
judged as (
  select
    ${lines(columns.map((column, i) => sql`${judgedColumns[i] as Sql} as ${name(column)}`))},
    ${day ? sql`${day} as day,` : sql``}
    r.occurrence as occurrence,
    r.copies as copies,
    r.checksum as checksum,
    ${joinTexts(sql`r.unusable_values`, ...rowDefects.filter((d) => !d.isUsable).map(named))} as unusable,
    ${joinTexts(sql`r.unusual_values`, ...rowDefects.filter((d) => d.isUsable).map(named))} as unusual
  from numbered as r
  ${accountId?.joins ?? sql``}
  ${staging.accounts === "none" ? sql`` : sql`left join ${ref(staging.accounts)} as a on a.account_id = ${account}${staging.accounts.source ? sql` and a.occurrence = 1` : sql``}`}
)
select
  ${columns.map(name)},
  ${day ? sql`day,` : sql``}
  ${derived.length > 0 ? sql`${lines(derived.map(([column, { sql: value }]) => sql`${typeof value === "function" ? value(company) : value} as ${name(column)}`))},` : sql``}
  occurrence,
  copies,
  checksum,
  ${hashOf(stagedKeyOf(source, sql`judged`))} as id_hash,
  ${joinTexts(sql`unusable`, sql`unusual`)} as defects,
  unusable is null as is_usable
from judged`;
}

/** What only a build of the whole table says. */
const ofWhole = (fragment: Sql): Sql => inPart("keys", fragment, () => sql``);

/** A source's raw rows, or those with the keys to which a build is limited. */
const rawRows = ({ source, raw, columns }: MappedSource): Sql =>
  inPart(
    "keys",
    sql`(${raw})`,
    (scope, { rawPath = [] }) =>
      sql`(select c.* from ${path(...rawPath)} as c where ${keyOf(source, columns)} in (select key from ${scope}))`,
  );

/** A value, null where it breaks its rules, and the names of the rules it may break. */
function checked(
  column: string,
  rules: SourceColumn,
  value: Sql,
  isPresent: Sql,
  mayFail: boolean,
): { column: string; value: Sql; defects: Defect[] } {
  const isUsable = !rules.required;
  const bounds = outOfBounds(rules, value);
  const broken: Defect[] = [
    ...(rules.oneOf
      ? [{ defect: `unexpected_${column}`, when: sql`${value} not in (${rules.oneOf.map(text)})`, isUsable }]
      : []),
    ...(bounds.length > 0
      ? [{ defect: `out_of_range_${column}`, when: join(bounds, " or "), isUsable }]
      : []),
  ];
  const defects: Defect[] = [
    ...(rules.required ? [{ defect: `missing_${column}`, when: sql`not (${isPresent})`, isUsable }] : []),
    ...(mayFail
      ? [{ defect: `unreadable_${column}`, when: sql`${isPresent} and ${value} is null`, isUsable }]
      : []),
    ...broken,
  ];
  const kept =
    broken.length > 0
      ? sql`case when ${join(
          broken.map((d) => d.when),
          " or ",
        )} then null else ${value} end`
      : value;
  return { column, value: kept, defects };
}

const lines = (fragments: readonly Sql[]): Sql => join(fragments, ",\n    ");

/** The names of the defects that apply, or null. */
const listOf = (defects: readonly Defect[]): Sql =>
  defects.length > 0 ? joinTexts(...defects.map(named)) : nullOf("string");
const named = (defect: Defect): Sql => sql`case when ${defect.when} then ${text(defect.defect)} end`;

/** What stands for a source that is not mapped. */
const noRows = (columns: ModelColumns): Sql =>
  sql`select ${Object.entries(columns).map(([column, { type }]) => sql`${nullOf(type)} as ${name(column)}`)} from (select 1 as nothing) as none where false`;
