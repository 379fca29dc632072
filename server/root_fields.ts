import type { DocumentNode, GraphQLObjectType, GraphQLSchema, OperationDefinitionNode } from "graphql";
import { collectFields } from "graphql/execution/collectFields.js";

/** The fields of an operation itself that are asked for with such variables. */
export function rootFieldsOf(
  schema: GraphQLSchema,
  { document, operation }: { readonly document: DocumentNode; readonly operation: OperationDefinitionNode },
  variables: Readonly<Record<string, unknown>>,
): string[] {
  const fragments = Object.fromEntries(
    document.definitions.flatMap((d) => (d.kind === "FragmentDefinition" ? [[d.name.value, d]] : [])),
  );
  const type = schema.getRootType(operation.operation) as GraphQLObjectType;
  const found = collectFields(schema, fragments, { ...variables }, type, operation.selectionSet);
  return [...found.values()].flatMap(([node]) =>
    node && node.name.value !== "__typename" ? [node.name.value] : [],
  );
}
