/**
 * What BigQuery refuses although the analyser of 2023 takes it, as far as the text shows it, and GROUP BY ALL.
 * One complaint per place: `line 3: …`. OPTIONS and PARTITION BY need types: `analyze` refuses those. Nothing
 * here finds a correlated subquery without an equality, which BigQuery refuses too: write a join.
 */
export function lintGoogleSql(text: string): string[] {
  // What is in backquotes is a name, whatever it says.
  const bare = withoutLiterals(text)
    .toLowerCase()
    .replace(/`[^`]*`/g, (name) => "_".repeat(name.length));
  const found = [...refusedWords(bare), ...calls(bare).flatMap(checkCall), ...joins(bare).flatMap(checkJoin)];
  return found
    .sort((a, b) => a.at - b.at)
    .map(({ at, complaint }) => `line ${bare.slice(0, at).split("\n").length}: ${complaint}`);
}

/** The text with strings and comments blanked out, so that every other character keeps its place. */
export function withoutLiterals(text: string): string {
  const literal =
    /`[^`]*`|'''[\s\S]*?'''|"""[\s\S]*?"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|(?:--|#).*|\/\*[\s\S]*?\*\//g;
  return text.replace(literal, (found) => (found.startsWith("`") ? found : found.replace(/[^\n]/g, " ")));
}

interface Finding {
  at: number;
  complaint: string;
}

/** Functions of open-source GoogleSQL that BigQuery's reference doesn't list. */
const strangers = `
  array_avg array_filter array_find array_find_all array_first_n array_includes array_includes_all
  array_includes_any array_is_distinct array_last_n array_max array_min array_offsets array_remove_first_n
  array_remove_last_n array_sum array_transform flatten iferror iserror nulliferror nullifzero pi
  timestamp_from_unix_micros timestamp_from_unix_millis timestamp_from_unix_seconds zeroifnull`;

const words: [RegExp, string][] = [
  [/\bgroup\s+by\s+all\b/g, "name the columns; another column in the select would silently change the grain"],
  [/\b(?:intersect|except)\s+all\b/g, "BigQuery has only INTERSECT DISTINCT and EXCEPT DISTINCT"],
  [
    new RegExp(`\\b(?:${strangers.trim().split(/\s+/).join("|")})\\s*\\(`, "g"),
    "BigQuery has no such function",
  ],
];

const refusedWords = (bare: string): Finding[] =>
  words.flatMap(([pattern, complaint]) =>
    [...bare.matchAll(pattern)].map(({ index, 0: word }) => ({
      at: index,
      complaint: `${word.replace(/\s*\($/, "")}: ${complaint}`,
    })),
  );

interface Call {
  at: number;
  name: string;
  /** Between the parentheses, inner parentheses blanked out: what belongs to this call itself. */
  inside: string;
  /** The same for the OVER clause; empty for a named window, null when there is none. */
  over: string | null;
}

function calls(bare: string): Call[] {
  return [...bare.matchAll(/\b(\w+)\s*\(/g)].map(({ index, 0: opening, 1: name = "" }) => {
    const inside = parenthesized(bare, index + opening.length - 1);
    const rest = bare.slice(index + opening.length + inside.length + 1);
    const over = /^\s*over\b\s*\(?/.exec(rest)?.[0];
    return {
      at: index,
      name,
      inside: own(inside),
      over: over ? (over.endsWith("(") ? own(parenthesized(rest, over.length - 1)) : "") : null,
    };
  });
}

/** Its order of rows doesn't depend on a frame, so any order of nulls goes. */
const frameless = /^(?:row_number|rank|dense_rank|percent_rank|cume_dist|ntile|lag|lead)$/;
const unusualNulls = /(?<!\bdesc\s+)\bnulls\s+last\b|\bdesc\s+nulls\s+first\b/;
/** What looks like a call and may hold an ORDER BY of its own: OVER (…), WINDOW w AS (…). */
const notCalls = /^(?:over|as)$/;

function checkCall({ at, name, inside, over }: Call): Finding[] {
  if (/^percentile_(?:cont|disc)$/.test(name) && over === null) {
    return [{ at, complaint: `${name}: BigQuery has it only with OVER (…)` }];
  }
  const aggregateOrder =
    !notCalls.test(name) && !/^\s*(?:select|with)\b/.test(inside) && unusualNulls.test(inside);
  const rangeOrder =
    over !== null && !frameless.test(name) && !/\brows\b/.test(over) && unusualNulls.test(over);
  if (!aggregateOrder && !rangeOrder) return [];
  const where = aggregateOrder ? "in an aggregate" : "in a window over RANGE (the default frame)";
  return [{ at, complaint: `${name}: ${where} BigQuery refuses ASC NULLS LAST and DESC NULLS FIRST` }];
}

interface Join {
  at: number;
  /** Left, right or full; an inner join has none. */
  kind: string | undefined;
  /** From ON to the next clause, subqueries included. */
  condition: string;
}

function joins(bare: string): Join[] {
  return [...bare.matchAll(/\b(?:(left|right|full)\s+(?:outer\s+)?)?join\b/g)].flatMap(
    ({ index, 0: join, 1: kind }) => {
      const start = index + join.length;
      // Subqueries and calls are blanked out, so the next clause or parenthesis ends what belongs to this join.
      const tail = own(bare.slice(start));
      const scope = tail.slice(
        0,
        tail.search(/[);]|\b(?:join|where|group|having|qualify|window|order|limit|union)\b|$/),
      );
      const on = scope.search(/\bon\b/);
      if (on < 0) return [];
      return [{ at: index, kind, condition: bare.slice(start + on, start + scope.length) }];
    },
  );
}

function checkJoin({ at, kind, condition }: Join): Finding[] {
  if (/\(\s*(?:select|with)\b/.test(condition)) {
    return [{ at, complaint: "join: BigQuery refuses a subquery in its condition" }];
  }
  if (kind && !/(?<![<>!])=|\bis\s+not\s+distinct\s+from\b/.test(condition)) {
    return [{ at, complaint: `${kind} join: BigQuery needs an equality of fields of both sides` }];
  }
  return [];
}

/** What stands between the parenthesis at `open` and its partner. */
function parenthesized(text: string, open: number): string {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === "(") depth++;
    if (text[i] === ")" && --depth === 0) return text.slice(open + 1, i);
  }
  return text.slice(open + 1);
}

/** The text with everything in balanced parentheses blanked out. */
function own(text: string): string {
  const flat = text.replace(/\([^()]*\)/g, (inner) => " ".repeat(inner.length));
  return flat === text ? text : own(flat);
}
