import { describe, expect, it } from "vitest";
import { accountOnboarding } from "../../models/onboarding/account_onboarding.js";
import { companyOf, type Given } from "./built.js";
import { contact, event, journeyText, paid } from "./given.js";

const acme = { account_id: "a", created_on: "2024-01-01" };
const text = journeyText({
  rest: `milestones:
  - { id: kicked, name: K, expected_days: 9, when: { fact: touchpoints_28d, at_least: 1 } }
  - { id: used, name: U, expected_days: 9, when: { fact: events_1d, at_least: 1 } }
  - { id: busy, name: B, expected_days: 9, when: { fact: events_1d, at_least: 5 } }
onboarding: { checklist: [kicked, used, busy], expected_days: 30 }`,
});
const onboardingOf = async (given: Given, through: string, journey = text) =>
  (await companyOf({ accounts: [acme], ...given }, { journey, through })).read(accountOnboarding);
/** A customer from 11 January on: due on 10 February. */
const contracts = [paid("2024-01-11")];
const used = (day: string) => event(day, { quantity: 1 });
const busy = (day: string) => event(day, { quantity: 5 });
const call = (day: string) => contact(day, "call");

describe("onboarding", () => {
  it("is done on the day of the last step, in whatever order the steps were done", async () => {
    const given = {
      contracts,
      usage_events: [busy("2024-01-20")],
      touchpoints: [call("2024-02-05"), call("2024-02-05"), call("2024-02-06")],
    };
    expect(await onboardingOf(given, "2024-03-31")).toEqual([
      {
        account_id: "a",
        started_on: "2024-01-11",
        start_month: "2024-01-01",
        steps: 3,
        steps_done: 3,
        onboarded_on: "2024-02-05",
        due_on: "2024-02-10",
        // 20 days in January, 5 in February.
        days_to_onboard: 25,
        // The call on the day after is no longer one of onboarding.
        contacts: 2,
        status: "on_time",
      },
    ]);
  });

  it("is in progress through its due day, then overdue, and late where it is done after all", async () => {
    const given = {
      contracts,
      touchpoints: [call("2024-01-12")],
      usage_events: [used("2024-01-12"), busy("2024-02-11")],
    };
    const on = async (through: string) => {
      const [row] = await onboardingOf(given, through);
      return [row?.status, row?.steps_done, row?.onboarded_on, row?.days_to_onboard];
    };
    expect(await on("2024-01-10")).toEqual(["not_started", 0, null, null]);
    expect(await on("2024-01-11")).toEqual(["in_progress", 0, null, null]);
    expect(await on("2024-02-10")).toEqual(["in_progress", 2, null, null]);
    expect(await on("2024-02-11")).toEqual(["late", 3, "2024-02-11", 31]);
    const late = { ...given, usage_events: [used("2024-01-12"), busy("2024-02-12")] };
    expect((await onboardingOf(late, "2024-02-11"))[0]).toMatchObject({ status: "overdue", steps_done: 2 });
    const inTime = { ...given, usage_events: [used("2024-01-12"), busy("2024-02-10")] };
    expect((await onboardingOf(inTime, "2024-03-31"))[0]).toMatchObject({
      status: "on_time",
      days_to_onboard: 30,
    });
  });

  it("with all steps done before the start is done on the start, not before it has come", async () => {
    const given = { contracts, touchpoints: [call("2024-01-02")], usage_events: [busy("2024-01-03")] };
    expect((await onboardingOf(given, "2024-01-31"))[0]).toMatchObject({
      onboarded_on: "2024-01-11",
      days_to_onboard: 0,
      contacts: 0,
      status: "on_time",
    });
    expect((await onboardingOf(given, "2024-01-10"))[0]).toMatchObject({
      started_on: "2024-01-11",
      steps_done: 3,
      onboarded_on: null,
      days_to_onboard: null,
      contacts: null,
      status: "not_started",
    });
  });

  it("counts the contacts from the start to the day onboarded, else to the last day built", async () => {
    const touchpoints = ["2024-01-10", "2024-01-11", "2024-01-25", "2024-02-20"].map(call);
    const contactsOn = async (usage: object[], through: string) =>
      (await onboardingOf({ contracts, touchpoints, usage_events: usage as never }, through))[0]?.contacts;
    // The one before the start never counts.
    expect(await contactsOn([used("2024-01-12")], "2024-01-11")).toBe(1);
    expect(await contactsOn([used("2024-01-12")], "2024-02-19")).toBe(2);
    expect(await contactsOn([used("2024-01-12")], "2024-02-20")).toBe(3);
    expect(await contactsOn([busy("2024-01-25")], "2024-03-31")).toBe(2);
    expect(await contactsOn([busy("2024-01-24")], "2024-03-31")).toBe(1);
  });

  it("of a prospect has not started, whatever it has done", async () => {
    const given = {
      accounts: [acme, { account_id: "b", created_on: "2024-01-01" }],
      contracts: [
        paid("2024-01-11", null, { account_id: "b" }),
        paid("2024-01-02", null, { is_trial: true }),
      ],
      touchpoints: [call("2024-01-02")],
      usage_events: [busy("2024-01-03")],
    };
    expect((await onboardingOf(given, "2024-03-31")).map((row) => [row.account_id, row.status])).toEqual([
      ["a", "not_started"],
      ["b", "overdue"],
    ]);
    expect((await onboardingOf(given, "2024-03-31"))[0]).toMatchObject({
      started_on: null,
      start_month: null,
      steps_done: 3,
      onboarded_on: null,
      due_on: null,
      contacts: null,
    });
  });

  it("without contracts begins with the account, and without touchpoints counts none", async () => {
    const journey = text.replace("checklist: [kicked, used, busy]", "checklist: [used]");
    expect(await onboardingOf({ usage_events: [used("2024-01-31")] }, "2024-01-31", journey)).toMatchObject([
      {
        started_on: "2024-01-01",
        steps: 1,
        steps_done: 1,
        days_to_onboard: 30,
        contacts: null,
        status: "on_time",
      },
    ]);
  });

  it("is in no journey without a checklist", async () => {
    expect(await onboardingOf({ contracts }, "2024-01-31", journeyText({}))).toEqual([]);
  });
});
