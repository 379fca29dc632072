import "reflect-metadata";
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from "graphql";
import { buildSchema } from "type-graphql";
import { AccountConnectionResolver, AccountResolver } from "./account.js";
import { AccountHealthResolver, HealthResolver } from "./health.js";
import { MilestoneResolver } from "./milestone.js";
import { ModelResolver } from "./model.js";
import { PortfolioResolver } from "./portfolio.js";
import { SnapshotResolver } from "./snapshot.js";
import { SourceResolver } from "./source.js";
import { AccountStageResolver, StageHistoryResolver } from "./stage.js";
import { DelightResolver, SupportResolver, SupportRowResolver } from "./support.js";
import { TrendResolver } from "./trend.js";
import { VoiceResolver } from "./voice.js";

/** The whole API. */
export const createSchema = (): Promise<GraphQLSchema> =>
  buildSchema({
    resolvers: [
      AccountResolver,
      AccountConnectionResolver,
      AccountStageResolver,
      StageHistoryResolver,
      MilestoneResolver,
      AccountHealthResolver,
      HealthResolver,
      TrendResolver,
      SupportResolver,
      SupportRowResolver,
      DelightResolver,
      VoiceResolver,
      PortfolioResolver,
      ModelResolver,
      SourceResolver,
      SnapshotResolver,
    ],
    validate: false,
  });

/** The API as text, in an order that doesn't depend on the code's: committed as schema/schema.graphql. */
export const schemaText = (schema: GraphQLSchema): string =>
  `${printSchema(lexicographicSortSchema(schema))}\n`;
