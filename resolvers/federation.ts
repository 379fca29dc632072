import {
  type DirectiveNode,
  type GraphQLResolveInfo,
  GraphQLScalarType,
  type GraphQLSchema,
  Kind,
  parse,
  print,
  visit,
} from "graphql";
import { Arg, Ctx, createUnionType, Field, Info, ObjectType, Query, Resolver } from "type-graphql";
import { WaymarkError } from "../errors.js";
import { Account } from "../schema/account.js";
import { schemaText } from "../schema/text.js";
import { accountOf } from "./account.js";
import type { Context } from "./context.js";

/**
 * The API as a subgraph of Apollo Federation 2: other subgraphs name an account by its id, and a gateway asks here for
 * the rest of it. By hand, as a library would make the schema anew and lose what our fields know of themselves.
 */
const Representation = new GraphQLScalarType({
  name: "_Any",
  description: 'What another subgraph knows of an entity, e.g. {"__typename": "Account", "id": "acc_00001"}.',
});

const Entity = createUnionType({
  name: "_Entity",
  description: "What other subgraphs may name by its key.",
  types: () => [Account] as const,
  resolveType: () => Account,
});

@ObjectType("_Service", { simpleResolvers: true, description: "This API as a subgraph." })
class Service {
  @Field(() => String, { description: "Its schema, with the directives of Federation 2." })
  sdl!: string;
}

@Resolver()
export class FederationResolver {
  @Query(() => Service, { name: "_service", description: "For gateways: this API as a subgraph." })
  service(@Info() { schema }: GraphQLResolveInfo): Service {
    return { sdl: subgraphText(schema) };
  }

  @Query(() => [Entity], {
    name: "_entities",
    nullable: "items",
    description: "For gateways: the entities that are named, in their order; null for one that isn't there.",
  })
  entities(
    @Arg("representations", () => [Representation], { description: "Which." }) representations: unknown[],
    @Ctx() { load }: Context,
  ): Promise<(Account | null)[]> {
    return Promise.all(
      representations.map(idOfAccount).map(async (id) => {
        const row = await load.account.load(id);
        return row && accountOf(row);
      }),
    );
  }
}

function idOfAccount(representation: unknown, place: number): string {
  const { __typename: type, id } = (representation ?? {}) as Record<string, unknown>;
  if (type === "Account" && typeof id === "string") return id;
  throw new WaymarkError(
    "BAD_USER_INPUT",
    `_entities: representation ${place} is ${JSON.stringify(representation)}, expected an account such as {"__typename": "Account", "id": "acc_00001"}.`,
  );
}

const ownOfGateways = ["_service", "_entities", "_Any", "_Entity", "_Service"];

/** What is added to the definitions of types. A page's place is told by other subgraphs, too. */
const directives: Readonly<Record<string, string>> = {
  Account: '@key(fields: "id")',
  PageInfo: "@shareable",
};

/** The schema without what a gateway adds itself. */
export function subgraphText(schema: GraphQLSchema): string {
  const isOwn = ({ name }: { name: { value: string } }): boolean => ownOfGateways.includes(name.value);
  const document = visit(parse(schemaText(schema)), {
    ScalarTypeDefinition: (node) => (isOwn(node) ? null : undefined),
    UnionTypeDefinition: (node) => (isOwn(node) ? null : undefined),
    FieldDefinition: (node) => (isOwn(node) ? null : undefined),
    ObjectTypeDefinition: {
      leave: (node) => {
        if (isOwn(node)) return null;
        const added = directives[node.name.value];
        return added ? { ...node, directives: [directiveOf(added)] } : undefined;
      },
    },
  });
  return `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

${print(document)}
`;
}

function directiveOf(text: string): DirectiveNode {
  const [definition] = parse(`scalar T ${text}`).definitions;
  const [directive] = definition?.kind === Kind.SCALAR_TYPE_DEFINITION ? (definition.directives ?? []) : [];
  if (!directive) throw new TypeError(`${text} is no directive`);
  return directive;
}
