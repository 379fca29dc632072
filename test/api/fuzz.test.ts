import "reflect-metadata";
import fc from "fast-check";
import {
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from "graphql";
import { afterAll, beforeAll, expect, it } from "vitest";
import { rootFields } from "../../resolvers/gate.js";
import { createSchema } from "../../resolvers/schema.js";
import { openLog } from "../../telemetry/log.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { builtCompany, type Client, clientOf } from "./company.js";

let warehouse: Warehouse;
let client: Client;
let schema: GraphQLSchema;
beforeAll(async () => {
  warehouse = await builtCompany();
  client = await clientOf(warehouse, { log: openLog("silent") });
  schema = await createSchema();
});
afterAll(async () => {
  await client?.server.close();
  await warehouse?.close();
});

/** What a caller may be told of a question; anything else is a fault of ours. */
const callersFaults = [
  "BAD_USER_INPUT",
  "BAD_REQUEST",
  "FORBIDDEN",
  "NOT_FOUND",
  "QUERY_TOO_LARGE",
  "GRAPHQL_VALIDATION_FAILED",
];

const texts = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "acc_00001",
    "enterprise",
    "2025-06-01",
    "0000-01-01",
    "9999-12-31",
    "'; drop table x; --",
    "%_\\",
    "$p1",
    "\u0000",
    "🙂",
    "W10=",
    Buffer.from('["name ASC","x","y"]').toString("base64url"),
    Buffer.from('[null,1e999,{"a":1}]').toString("base64url"),
  ),
  fc.string({ maxLength: 12 }),
);

/** Values that an input type takes, and some at the edges of what it means. */
function anyOf(type: GraphQLInputType, depth = 0): fc.Arbitrary<unknown> {
  if (isNonNullType(type)) return anyOf(type.ofType, depth).filter((value) => value !== null);
  if (isListType(type))
    return fc.oneof(fc.constant(null), fc.array(anyOf(type.ofType, depth + 1), { maxLength: 3 }));
  if (isEnumType(type)) return fc.constantFrom(...type.getValues().map(({ name }) => name));
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields());
    const required = fields.filter((f) => isNonNullType(f.type) && f.defaultValue === undefined);
    const record = Object.fromEntries(fields.map((f) => [f.name, anyOf(f.type, depth + 1)]));
    if (type.isOneOf)
      return fc.oneof(...fields.map((f) => fc.record({ [f.name]: anyOf(f.type, depth + 1) })));
    return fc.record(record, { requiredKeys: required.map((f) => f.name) });
  }
  switch (type.name) {
    case "Int":
      return fc.constantFrom(-2147483648, -1, 0, 1, 2, 7, 60, 61, 1000, 10_000, 2147483647);
    case "Float":
      return fc.constantFrom(-1e308, -1, -0, 0, 0.5, 60, 1e308, 5e-324);
    case "Boolean":
      return fc.boolean();
    case "LocalDate":
      return fc.constantFrom(
        "2025-06-01",
        "2024-02-29",
        "0001-01-01",
        "9999-12-31",
        "1969-12-31",
        "2025-12-31",
      );
    case "Decimal":
      return fc.constantFrom("0", "-1.5", "99999999999999999999.123456789", "1e9", "abc");
    case "_Any":
      return fc.record({ __typename: fc.constantFrom("Account", "Nothing"), id: texts });
    default:
      return texts;
  }
}

/** A value as it is written in a question; names of enums are bare. */
function written(value: unknown, type: GraphQLInputType): string {
  if (value === null) return "null";
  if (isNonNullType(type)) return written(value, type.ofType);
  if (isListType(type))
    return `[${(value as unknown[]).map((item) => written(item, type.ofType)).join(", ")}]`;
  if (isEnumType(type)) return String(value);
  if (isInputObjectType(type)) {
    const fields = type.getFields();
    const told = Object.entries(value as object).filter(([, inner]) => inner !== undefined);
    return `{ ${told.map(([name, inner]) => `${name}: ${written(inner, (fields[name] as GraphQLArgument).type)}`).join(", ")} }`;
  }
  if (typeof value === "object")
    return `{ ${Object.entries(value)
      .map(([name, inner]) => `${name}: ${JSON.stringify(inner)}`)
      .join(", ")} }`;
  return JSON.stringify(value);
}

const argumentsOf = (args: readonly GraphQLArgument[]): fc.Arbitrary<string> =>
  fc
    .record(Object.fromEntries(args.map((arg) => [arg.name, anyOf(arg.type)])), {
      requiredKeys: args
        .filter((a) => isNonNullType(a.type) && a.defaultValue === undefined)
        .map((a) => a.name),
    })
    .map((given) => {
      const told = args.filter((arg) => given[arg.name] !== undefined);
      return told.length > 0
        ? `(${told.map((arg) => `${arg.name}: ${written(given[arg.name], arg.type)}`).join(", ")})`
        : "";
    });

/** Some fields of a type, with arguments of any kind, and of what they are made of a field more. */
function selectionOf(type: GraphQLObjectType, depth: number): fc.Arbitrary<string> {
  const fields = Object.values(type.getFields()).filter(
    (field) => depth > 0 || !isObjectType(getNamedType(field.type)),
  );
  if (fields.length === 0) return fc.constant("{ __typename }");
  return fc
    .subarray(fields, { minLength: 1, maxLength: Math.min(3, fields.length) })
    .chain((some) =>
      fc.tuple(
        ...some.map((field, i) => {
          const of = getNamedType(field.type);
          const inner = isObjectType(of) ? selectionOf(of, depth - 1) : fc.constant("");
          return fc
            .tuple(argumentsOf(field.args), inner)
            .map(([args, below]) => `a${i}: ${field.name}${args} ${below}`);
        }),
      ),
    )
    .map((all) => `{ ${all.join(" ")} }`);
}

it.each(
  Object.keys(rootFields).filter(
    (field) => rootFields[field] !== "changes" && !/^(resend|journeyPlan)/.test(field),
  ),
)("%s is answered or refused as the caller's fault, whatever its arguments", async (name) => {
  const field = schema.getQueryType()?.getFields()[name];
  if (!field) throw new Error(`${name} is no field of the query`);
  const of = getNamedType(field.type);
  const below = isUnionType(of)
    ? fc.constant("{ __typename }")
    : isObjectType(of)
      ? selectionOf(of, 2)
      : fc.constant("");
  const questions = fc
    .tuple(argumentsOf(field.args), below)
    .map(([args, inner]) => `{ ${name}${args} ${inner} }`);
  await fc.assert(
    fc.asyncProperty(questions, async (question) => {
      const { errors } = await client.ask(question);
      const faults = errors.filter(({ extensions }) => !callersFaults.includes(extensions.code));
      expect(faults, question).toEqual([]);
    }),
    { numRuns: 20, seed: 6 },
  );
});
