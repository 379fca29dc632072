import type { GraphQLFieldResolver, GraphQLSchema } from "graphql";
import { WaymarkError } from "../errors.js";
import { viewOf } from "../schema/view.js";
import { views } from "../schema/views/index.js";
import { type Caller, type Context, isOperator } from "./context.js";
import { seesSome } from "./scope.js";

/**
 * What a root field tells, and so who may ask it: `company` = what it believes and how fresh the data is: whoever has a
 * role; `accounts` = of single accounts, or figures of however few: whoever sees accounts singly; `groups` = figures
 * from which small groups are withheld: whoever sees accounts; `operations` = how Waymark runs, with rows of any
 * account: who may operate and sees everything; `changes` = of tasks: who sees their accounts and may write.
 */
export type Told = "company" | "accounts" | "groups" | "operations" | "changes";

export const rootFields: Readonly<Record<string, Told>> = {
  journey: "company",
  journeyVersions: "company",
  snapshot: "company",
  schedule: "company",
  _service: "company",

  account: "accounts",
  accounts: "accounts",
  _entities: "accounts",
  accountSignals: "accounts",
  accountTasks: "accounts",
  task: "accounts",
  earlyWarnings: "accounts",
  endedTerms: "accounts",
  delights: "accounts",
  portfolio: "accounts",
  retention: "accounts",
  cohorts: "accounts",
  survival: "accounts",
  lifetimeValue: "accounts",
  expansionCandidates: "accounts",
  stageOutcomes: "accounts",
  stageTimes: "accounts",
  stageTransitions: "accounts",
  onboardingCohorts: "accounts",
  plannedTouchpoints: "accounts",
  comparison: "accounts",
  backtest: "accounts",
  suggestion: "accounts",
  programmeEffect: "accounts",
  milestoneProposals: "accounts",
  ...Object.fromEntries(views.map((view) => [viewOf(view).field, "groups"])),

  completeTask: "changes",
  snoozeTask: "changes",
  dismissTask: "changes",
  reopenTask: "changes",

  journeyPlan: "operations",
  journeyBacktest: "operations",
  models: "operations",
  explanation: "operations",
  sources: "operations",
  checks: "operations",
  lastRun: "operations",
  failedInARow: "operations",
  queryCosts: "operations",
  webhooks: "operations",
  deadLetters: "operations",
  resendDeadLetters: "operations",
};

/** The same of what is told to listeners, whenever it happens. */
export const liveFields: Readonly<Record<string, Told>> = {
  snapshotPublished: "company",
  signalOpened: "accounts",
  taskChanged: "accounts",
};

/** Every root field answers those alone who may ask it, and nobody where it isn't said who may. */
export function guarded(schema: GraphQLSchema): GraphQLSchema {
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()])
    for (const field of Object.values(type?.getFields() ?? {})) {
      const onlyAsked = (answer: GraphQLFieldResolver<unknown, Context>) =>
        ((root, args, context, info) => {
          mustAsk(field.name, context);
          return answer(root, args, context, info);
        }) satisfies GraphQLFieldResolver<unknown, Context>;
      field.resolve = onlyAsked(field.resolve as GraphQLFieldResolver<unknown, Context>);
      if (field.subscribe) field.subscribe = onlyAsked(field.subscribe);
    }
  return schema;
}

/** Whether a caller may ask a root field. */
export function mayAsk(field: string, caller: Caller): boolean {
  const told = rootFields[field];
  if (told === "operations") return isOperator(caller);
  return told !== undefined && whyNot(told, caller) === undefined;
}

/** @throws WaymarkError FORBIDDEN where the caller may not ask a root field */
export function mustAsk(field: string, { caller, ledger }: Context): void {
  const told = rootFields[field] ?? liveFields[field];
  if (told === "operations") ledger(field);
  const why = told === undefined ? "it isn't said who may ask it." : whyNot(told, caller);
  if (why) throw new WaymarkError("FORBIDDEN", `${field}: ${why}`);
}

/** Why a caller may not ask; undefined where it may. */
function whyNot(told: Told, { sees, mayWrite }: Caller): string | undefined {
  if (told === "company" || told === "operations") return undefined;
  if (!seesSome(sees)) return "your role sees no accounts.";
  if (told === "groups") return undefined;
  if (sees.minimumGroup !== undefined)
    return `your role sees groups of at least ${sees.minimumGroup} accounts, and no single ones. Views tell of groups: ${groupFields.join(", ")}.`;
  if (told === "changes" && !mayWrite)
    return "you may not change tasks: your role or key may not write, or the server is read-only.";
  return undefined;
}

const groupFields = Object.keys(rootFields).filter((field) => rootFields[field] === "groups");
