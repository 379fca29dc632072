import { type GraphQLObjectType, type GraphQLResolveInfo, getNamedType } from "graphql";
import { collectSubfields } from "graphql/execution/collectFields.js";
import { getArgumentValues } from "graphql/execution/values.js";

/** A field that is asked for: its alias or name, its arguments with defaults, and what is asked of it. */
export interface Selected {
  readonly key: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly fields: readonly Selected[];
}

/** What is asked of a field: fragments spread, directives heeded, equal keys merged, as GraphQL's own execution does. */
export function selectionOf({
  schema,
  fragments,
  variableValues,
  returnType,
  fieldNodes,
}: GraphQLResolveInfo) {
  const below = (type: GraphQLObjectType, nodes: Parameters<typeof collectSubfields>[4]): Selected[] =>
    [...collectSubfields(schema, fragments, variableValues, type, nodes)].flatMap(([key, found]) => {
      const [node] = found;
      const field = node && type.getFields()[node.name.value];
      if (!field) return []; // __typename
      const of = getNamedType(field.type);
      return {
        key,
        name: field.name,
        args: getArgumentValues(field, node, variableValues),
        fields: "getFields" in of ? below(of as GraphQLObjectType, found) : [],
      };
    });
  return below(getNamedType(returnType) as GraphQLObjectType, fieldNodes);
}
