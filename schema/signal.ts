import { Field, InputType, Int, ObjectType, registerEnumType } from "type-graphql";
import { accountSignals } from "../models/signals/account_signals.js";
import { AccountFilter, PageInfo } from "./account.js";
import { column } from "./describe.js";
import { Named } from "./named.js";
import { LocalDate } from "./scalars.js";

export enum SignalKind {
  NEGATIVE = "negative",
  POSITIVE = "positive",
}
registerEnumType(SignalKind, { name: "SignalKind", description: "Whether a signal warns or promises." });

export enum Severity {
  LOW = "low",
  MEDIUM = "medium",
  HIGH = "high",
}
registerEnumType(Severity, { name: "Severity", description: "How much a signal matters." });

@ObjectType({ simpleResolvers: true, description: "A signal of the journey." })
export class Signal extends Named {
  @Field(() => SignalKind, { description: "Whether it warns or promises." })
  kind!: SignalKind;

  @Field(() => Severity, { description: "How much it matters." })
  severity!: Severity;

  @Field(() => String, { description: "Its condition in words." })
  condition!: string;

  @Field(() => Int, { description: "It opens once the condition has held for so many days." })
  forDays!: number;

  @Field(() => Int, { description: "It closes once the condition has not held for so many days." })
  clearDays!: number;
}

@ObjectType({ description: "A signal that is or was open for an account." })
export class AccountSignal {
  accountId!: string;

  @Field(() => Signal, { description: "The signal." })
  signal!: Signal;

  @Field(() => LocalDate, column(accountSignals, "held_from"))
  heldFrom!: string;

  @Field(() => LocalDate, column(accountSignals, "opened_on"))
  openedOn!: string;

  @Field(() => LocalDate, column(accountSignals, "closed_on"))
  closedOn!: string | null;

  @Field(() => Int, { description: "Days open so far." })
  days!: number;
}

@InputType({ description: "Signals that fulfil all that is given; a list means any of its values." })
export class SignalFilter {
  @Field(() => [String], { nullable: true, description: "These signals, by id." })
  signal?: string[] | null;

  @Field(() => [SignalKind], { nullable: true, description: "Of these kinds." })
  kind?: SignalKind[] | null;

  @Field(() => [Severity], { nullable: true, description: "Of these severities." })
  severity?: Severity[] | null;

  @Field(() => Boolean, { nullable: true, description: "Whether they are open on the last day of the data." })
  isOpen?: boolean | null;

  @Field(() => LocalDate, { nullable: true, description: "Opened on this day or later." })
  openedFrom?: string | null;

  @Field(() => AccountFilter, { nullable: true, description: "Of these accounts, as they are today." })
  accounts?: AccountFilter | null;
}

@ObjectType({ simpleResolvers: true, description: "A page of signals, the latest opened first." })
export class SignalPage {
  @Field(() => [AccountSignal], { description: "The signals." })
  nodes!: AccountSignal[];

  @Field(() => PageInfo, { description: "Where the page stands." })
  pageInfo!: PageInfo;
}
