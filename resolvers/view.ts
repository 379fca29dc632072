import type { GraphQLResolveInfo, GraphQLSchema } from "graphql";
import { isObjectType } from "graphql";
import { Arg, Ctx, Info, Int, Query, Resolver } from "type-graphql";
import { ref } from "../models/model.js";
import { accountTasks } from "../models/plays/account_tasks.js";
import { Range } from "../schema/range.js";
import { type View, viewOf } from "../schema/view.js";
import { type Sql, sql } from "../warehouse/sql.js";
import { compileView, maxRows, type ViewArguments } from "./compile.js";
import type { Context } from "./context.js";
import type { Reader } from "./reader.js";
import { selectionOf } from "./selection.js";
import { taskRows } from "./task_rows.js";

// biome-ignore lint/suspicious/noExplicitAny: type-graphql's own idea of a class
type ViewType = new () => any;

/** The root field of a view. */
export function viewResolver(type: ViewType): new () => object {
  const view = viewOf(type);
  @Resolver(() => type)
  class ViewResolver {
    @Query(() => [type], { name: view.field, description: view.description })
    async rows(
      @Info() info: GraphQLResolveInfo,
      @Ctx() { reader, cut }: Context,
      @Arg("limit", () => Int, {
        defaultValue: 1000,
        description: `How many rows at most, 1 to ${maxRows}. Where there are more, the answer's extensions tell it in \`cut\`.`,
      })
      limit: number,
      @Arg("where", () => view.where, { nullable: true, description: "Only rows like these." })
      where?: ViewArguments["where"],
      @Arg("range", () => Range, {
        nullable: true,
        description:
          "Which days: by default the last 30 periods, and without `period` all days. How things stand is told of the last day.",
      })
      range?: Range | null,
      @Arg("having", () => view.having, { nullable: true, description: "Only groups like these." })
      having?: ViewArguments["having"],
      @Arg("order", () => [view.order], {
        nullable: true,
        description: "By period, then by the other dimensions, by default.",
      })
      order?: ViewArguments["order"],
    ): Promise<object[]> {
      const args = { where, range, having, order, limit };
      const compiled = compileView(view, selectionOf(info), args, reader, rowsOf(view, reader));
      const rows = await reader.query(compiled.statement, compiled.columns);
      if (rows.length > limit) cut.push({ field: String(info.path.key), limit });
      return rows.slice(0, limit).map(compiled.told);
    }
  }
  return ViewResolver;
}

/** A view's relation: the model's table, of tasks with what people did with them. */
const rowsOf = ({ model }: View, reader: Reader): Sql =>
  model === (accountTasks as object) ? sql`(${taskRows(reader)})` : ref(model);

/** Lets the rows of views be read by the aliases of what was asked, since one field may stand in them several times. */
export function readByAlias(schema: GraphQLSchema, types: readonly ViewType[]): GraphQLSchema {
  for (const { name } of types) {
    const type = schema.getType(name);
    if (!isObjectType(type)) throw new TypeError(`${name} is no type of the schema`);
    for (const field of Object.values(type.getFields()))
      field.resolve = (row: Readonly<Record<string, unknown>>, _args, _context, { path }) => row[path.key];
  }
  return schema;
}
