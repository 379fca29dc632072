import { type ASTNode, GraphQLError, GraphQLScalarType, Kind, print } from "graphql";
import { GraphQLDateTimeISO, GraphQLLocalDate } from "graphql-scalars";

export { GraphQLDateTimeISO as DateTime };

/** A day. Those we tell are the warehouse's own: they need no second look, which thousands of rows would pay for. */
export const LocalDate = new GraphQLScalarType<string, string>({
  ...GraphQLLocalDate.toConfig(),
  serialize: String,
  parseValue: (value) => dayOf(value, JSON.stringify(value)),
  parseLiteral: (node) => dayOf(node.kind === Kind.STRING ? node.value : undefined, print(node), node),
});

function dayOf(value: unknown, shown: string, node?: ASTNode): string {
  try {
    return GraphQLLocalDate.parseValue(value);
  } catch {
    const message = `Expected a day as "YYYY-MM-DD", such as "2025-03-01", found ${shown}.`;
    throw new GraphQLError(message, { nodes: node ?? null });
  }
}

/** Money stays exact: text with as many digits as it has, never a float. */
export const Decimal = new GraphQLScalarType<string, string>({
  name: "Decimal",
  description: 'An exact decimal number as text, e.g. "1250.5".',
  serialize: (value) => String(value),
  parseValue: (value) => String(value),
  parseLiteral: (node) =>
    node.kind === Kind.STRING || node.kind === Kind.INT || node.kind === Kind.FLOAT ? node.value : "",
});
