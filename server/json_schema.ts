import {
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
  valueFromASTUntyped,
} from "graphql";

type Json = string | number | boolean | null | Json[] | JsonSchema;
/** JSON Schema, as far as GraphQL's inputs need it. */
export type JsonSchema = { [key: string]: Json };

const scalars: Readonly<Record<string, JsonSchema>> = {
  Int: { type: "integer" },
  Float: { type: "number" },
  Boolean: { type: "boolean" },
  String: { type: "string" },
  ID: { type: "string" },
  LocalDate: { type: "string", format: "date" },
  DateTimeISO: { type: "string", format: "date-time" },
};

/** The variables of an operation as the properties of an object; of input types that hold themselves only the first level. */
export function schemaOfVariables(
  { variableDefinitions = [] }: OperationDefinitionNode,
  schema: GraphQLSchema,
) {
  const properties = variableDefinitions.map(({ variable, type, defaultValue }): [string, JsonSchema] => {
    const inputType = typeFromAST(schema, type) as GraphQLInputType; // the query was validated
    const property = schemaOf(inputType, []);
    return [
      variable.name.value,
      defaultValue ? { ...property, default: valueFromASTUntyped(defaultValue) as Json } : property,
    ];
  });
  const required = variableDefinitions
    .filter(({ type, defaultValue }) => type.kind === "NonNullType" && !defaultValue)
    .map(({ variable }) => variable.name.value);
  return {
    type: "object" as const,
    properties: Object.fromEntries(properties),
    required,
    additionalProperties: false,
  };
}

function schemaOf(type: GraphQLInputType, within: readonly string[]): JsonSchema {
  if (isNonNullType(type)) return schemaOf(type.ofType, within);
  if (isListType(type)) return { type: "array", items: schemaOf(type.ofType, within) };
  if (isEnumType(type)) {
    const told = type
      .getValues()
      .flatMap(({ name, description }) => (description ? [`${name}: ${description}`] : []));
    return {
      type: "string",
      enum: type.getValues().map(({ name }) => name),
      description: [type.description, ...told].filter(Boolean).join("\n"),
    };
  }
  if (!isInputObjectType(type)) return scalars[type.name] ?? { type: "string" };
  if (within.includes(type.name)) return { type: "object" };
  const fields = Object.values(type.getFields());
  return {
    type: "object",
    ...(type.description ? { description: type.description } : {}),
    properties: Object.fromEntries(
      fields.map(({ name, type: inner, description }) => [
        name,
        { ...schemaOf(inner, [...within, type.name]), ...(description ? { description } : {}) },
      ]),
    ),
    required: fields.filter((f) => isNonNullType(f.type) && f.defaultValue === undefined).map((f) => f.name),
    additionalProperties: false,
  };
}
