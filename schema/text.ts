import { type GraphQLSchema, lexicographicSortSchema, printSchema } from "graphql";

/** The API as text, in an order that doesn't depend on the code's: committed as schema/schema.graphql. */
export const schemaText = (schema: GraphQLSchema): string =>
  `${printSchema(lexicographicSortSchema(schema))}\n`;
