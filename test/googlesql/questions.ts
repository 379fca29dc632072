import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from "graphql";

/** Values as GraphQL writes them, each of which is asked for: by the argument's name, else by its type's. */
export type Samples = Readonly<Record<string, readonly string[]>>;

/**
 * Questions that ask for everything that the fields of the schema's root can tell: all fields of all types on the way,
 * and each argument with each kind of value, one at a time. What several fields take as a filter is asked for by each
 * of its fields once.
 */
export function questionsOf(
  schema: GraphQLSchema,
  samples: Samples,
  leftOut: readonly string[],
): [field: string, questions: string[]][] {
  const known = new Set<string>();
  return Object.values(schema.getQueryType()?.getFields() ?? {})
    .filter(({ name }) => !leftOut.includes(name))
    .map((field) => {
      const type = getNamedType(field.type) as GraphQLObjectType;
      const questions = callsOf(field, samples, known).map(
        (call, i) => `{ ${call} ${selectionOf(type, samples, known, [], i > 0)} }`,
      );
      return [field.name, questions];
    });
}

/** All fields of a type; of a type that stands around it already, or of a `brief` question, those that go no further. */
function selectionOf(
  type: GraphQLObjectType,
  samples: Samples,
  known: Set<string>,
  around: readonly string[],
  brief: boolean,
): string {
  if (isLeafType(type)) return "";
  const within = [...around, type.name];
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const of = getNamedType(field.type);
    const alias = (call: string, i: number): string => `${i > 0 ? `${field.name}_${i}: ` : ""}${call}`;
    if (!isObjectType(of)) return callsOf(field, samples, known).map(alias);
    // A page is nothing without what is on it.
    const isShown = !within.includes(of.name) && (!brief || /^(nodes|pageInfo)$/.test(field.name));
    if (!isShown) return [];
    return callsOf(field, samples, known).map(
      (call, i) => `${alias(call, i)} ${selectionOf(of, samples, known, within, brief || i > 0)}`,
    );
  });
  return `{ ${fields.length > 0 ? fields.join(" ") : "__typename"} }`;
}

/** The field with no more arguments than it needs, then with each of the others. */
function callsOf(
  { name, args }: GraphQLField<unknown, unknown>,
  samples: Samples,
  known: Set<string>,
): string[] {
  const needed = args
    .filter(isRequiredArgument)
    .map((arg) => `${arg.name}: ${valuesOf(arg, samples, known)[0]}`);
  const call = (given: readonly string[]): string =>
    `${name}${given.length > 0 ? `(${given.join(", ")})` : ""}`;
  const more = args.flatMap((arg) => {
    const values = valuesOf(arg, samples, known);
    return (isRequiredArgument(arg) ? values.slice(1) : values).map((value) =>
      call([...needed.filter((n) => !n.startsWith(`${arg.name}:`)), `${arg.name}: ${value}`]),
    );
  });
  return [call(needed), ...more];
}

const valuesOf = (
  { name, type }: GraphQLArgument | GraphQLInputField,
  samples: Samples,
  known: Set<string>,
): readonly string[] => samples[name] ?? valuesOfType(type, samples, known);

function valuesOfType(type: GraphQLInputType, samples: Samples, known: Set<string>): readonly string[] {
  const own = getNullableType(type);
  if (isListType(own)) return [`[${valuesOfType(own.ofType, samples, known).join(", ")}]`];
  if (isEnumType(own)) return own.getValues().map(({ name }) => name);
  if (isInputObjectType(own)) {
    const [needed, more] = [true, false].map((is) =>
      Object.values(own.getFields()).filter((field) => isRequiredInputField(field) === is),
    ) as [GraphQLInputField[], GraphQLInputField[]];
    const given = needed.map((field) => `${field.name}: ${valuesOf(field, samples, known)[0]}`);
    const asked = known.has(own.name) ? more.slice(0, 1) : more;
    known.add(own.name);
    const values = asked.flatMap((field) =>
      valuesOf(field, samples, known).map(
        (value) => `{ ${[...given, `${field.name}: ${value}`].join(", ")} }`,
      ),
    );
    return values.length > 0 ? values : [`{ ${given.join(", ")} }`];
  }
  const values = samples[own.name];
  if (!values) throw new Error(`No sample of ${own.name}`);
  return values;
}
