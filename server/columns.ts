import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNullableType,
  isLeafType,
  isListType,
  type OperationDefinitionNode,
} from "graphql";
import { collectFields, collectSubfields } from "graphql/execution/collectFields.js";

/** A field that is asked for, by its alias or name. */
interface Asked {
  readonly key: string;
  /** Of `__typename` none. */
  readonly type: GraphQLOutputType | undefined;
  readonly nodes: readonly FieldNode[];
}

/** What stands in a column. */
export type Kind = "text" | "integer" | "number" | "boolean" | "day" | "instant";
export interface Column {
  readonly name: string;
  readonly kind: Kind;
}

/** Of scalars; whatever else there is, lists among it, is told as text. */
const kinds: Readonly<Record<string, Kind>> = {
  Int: "integer",
  Float: "number",
  Decimal: "number",
  Boolean: "boolean",
  LocalDate: "day",
  DateTimeISO: "instant",
};

/**
 * The columns that the rows of an answer have (`rowsOf`), whatever the answer: an empty one has a header, too, and
 * an object that is null its columns.
 */
export function columnsOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Column[] {
  const fragments: Record<string, FragmentDefinitionNode> = {};
  for (const definition of document.definitions)
    if (definition.kind === "FragmentDefinition") fragments[definition.name.value] = definition;
  const query = schema.getQueryType() as GraphQLObjectType;

  const asked = (type: GraphQLObjectType, found: ReadonlyMap<string, readonly FieldNode[]>): Asked[] =>
    [...found].map(([key, nodes]) => ({
      key,
      nodes,
      type: type.getFields()[nodes[0]?.name.value as string]?.type,
    }));
  const below = (type: GraphQLObjectType, nodes: readonly FieldNode[]): Asked[] =>
    asked(type, collectSubfields(schema, fragments, variables, type, nodes));

  /** The fields of a row: those of the one list that is asked for, else all. */
  const rowOf = (fields: readonly Asked[]): readonly Asked[] | undefined => {
    const page = fields.find(({ key }) => key === "nodes") ?? fields.find(({ key }) => key === "edges");
    const only = page ?? (fields.length === 1 ? fields[0] : undefined);
    if (!only?.type) return undefined;
    const type = getNullableType(only.type);
    const isList = isListType(type);
    const item = getNullableType(isList ? type.ofType : type);
    if (isLeafType(item)) return undefined;
    const inner = below(item as GraphQLObjectType, only.nodes);
    if (!isList) return rowOf(inner);
    const node = only.key === "edges" ? inner.find(({ key }) => key === "node") : undefined;
    return node?.type ? below(getNullableType(node.type) as GraphQLObjectType, node.nodes) : inner;
  };
  const columnsIn = (fields: readonly Asked[], path: string): Column[] =>
    fields.flatMap(({ key, type, nodes }): Column[] => {
      const name = path ? `${path}.${key}` : key;
      const of = type && getNullableType(type);
      if (!of || isListType(of)) return [{ name, kind: "text" }];
      if (isLeafType(of)) return [{ name, kind: kinds[of.name] ?? "text" }];
      return columnsIn(below(of as GraphQLObjectType, nodes), name);
    });

  const all = asked(query, collectFields(schema, fragments, variables, query, operation.selectionSet));
  return columnsIn(rowOf(all) ?? all, "");
}
