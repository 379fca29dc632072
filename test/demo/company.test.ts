import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DAY_MS, dateOf, dayOf, weekdayOf } from "../../demo/calendar.js";
import {
  type DemoRequest,
  type DemoTableName,
  demoTables,
  generateCompany,
  generateRenewals,
  type Renewal,
} from "../../demo/company.js";
import { churnProbability, effects, stickyFeatures, type Trait } from "../../demo/effects.js";
import type { ColumnType } from "../../demo/tables.js";
import { fitLogistic } from "./logistic.js";

type Row = Record<string, unknown>;
type Company = Record<DemoTableName, Row[]>;

const tableNames = Object.keys(demoTables) as DemoTableName[];
const appendOnly = ["product_events", "nps_responses", "touchpoints", "outcomes"] as const;
const years = { from: "2024-01-01", through: "2025-12-31" };

/** Enough accounts for every kind of planted fault, few enough to hold in memory. */
const company = read({ ...years, accounts: 300 });

/** The truth behind `company`. */
const renewals = [...generateRenewals({ ...years, accounts: 300 })];

/** The rows as objects; `keep` spares memory by leaving some out, given as they come. */
function read(
  request: DemoRequest,
  keep: (table: DemoTableName, row: unknown[]) => boolean = () => true,
): Company {
  const tables = Object.fromEntries(tableNames.map((name) => [name, [] as Row[]])) as Company;
  for (const { table, rows } of generateCompany(request)) {
    const columns = Object.keys(demoTables[table]);
    for (const values of rows) {
      if (!keep(table, values)) continue;
      const row: Row = {};
      for (let i = 0; i < columns.length; i++) row[columns[i] as string] = values[i];
      tables[table].push(row);
    }
  }
  return tables;
}

const ms = (row: Row, column: string): number => (row[column] as Date).getTime();
const day = (row: Row, column: string): number => Math.floor(ms(row, column) / DAY_MS);
const lines = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row));
const isFaulty = (row: Row): boolean => String(row.event_id ?? row.id).endsWith("_x");

function groupBy(rows: readonly Row[], column: string): Map<unknown, Row[]> {
  const groups = new Map<unknown, Row[]>();
  for (const row of rows) {
    const group = groups.get(row[column]);
    if (group) group.push(row);
    else groups.set(row[column], [row]);
  }
  return groups;
}

describe("the seed", () => {
  const small = { ...years, accounts: 12 };

  test("gives the same company every time", () => {
    expect(read({ ...small, seed: 7 })).toEqual(read({ ...small, seed: 7 }));
  });

  test("gives another company when it is another", () => {
    const [one, other] = [read({ ...small, seed: 7 }), read({ ...small, seed: 8 })];
    for (const table of tableNames) expect(lines(one[table])).not.toEqual(lines(other[table]));
  });
});

/** The default company, of whose million events only the connected integrations are kept. */
const counts = Object.fromEntries(tableNames.map((name) => [name, 0])) as Record<DemoTableName, number>;
const defaultCompany = read({ through: years.through }, (table, row) => {
  counts[table] += 1;
  return table !== "product_events" || row[4] === "connect_integration";
});

describe("the default company", () => {
  test("has the promised number of rows", () => {
    expect(counts.crm_accounts).toBeGreaterThan(985);
    expect(counts.crm_accounts).toBeLessThanOrEqual(1_000);
    expect(counts.product_events).toBeGreaterThan(1_000_000);
    expect(counts.product_events).toBeLessThan(2_000_000);
    expect(counts.subscriptions).toBeGreaterThan(2_000);
    expect(counts.people).toBeGreaterThan(15_000);
    expect(counts.support_tickets).toBeGreaterThan(10_000);
    expect(counts.nps_responses).toBeGreaterThan(5_000);
    expect(counts.touchpoints).toBeGreaterThan(5_000);
    expect(counts.outcomes).toBeGreaterThan(700);
  });

  test("comes in batches of at most 20,000 rows", () => {
    for (const { rows } of generateCompany({ ...years, accounts: 60 }))
      expect(rows.length).toBeLessThanOrEqual(20_000);
  });

  test("has seven of ten accounts after its first year", () => {
    const early = defaultCompany.crm_accounts.filter(
      ({ signed_up }) => String(signed_up) < "2025-01-01",
    ).length;
    expect(early / counts.crm_accounts).toBeGreaterThan(0.66);
    expect(early / counts.crm_accounts).toBeLessThan(0.74);
  });

  test("loses 15 to 20 % of its customers in its second year", () => {
    const customersOn = (date: string) =>
      new Set(
        defaultCompany.subscriptions
          .filter(
            (t) =>
              !t.trial && String(t.start_date) <= date && (t.end_date === null || date < String(t.end_date)),
          )
          .map(({ account_id }) => account_id),
      );
    const before = customersOn("2024-12-31");
    const after = customersOn("2025-12-31");
    const lost = [...before].filter((account) => !after.has(account)).length;
    expect(lost / before.size).toBeGreaterThan(0.15);
    expect(lost / before.size).toBeLessThan(0.2);
  });
});

describe("the tables", () => {
  test("hold what their columns declare", () => {
    const holds: Record<ColumnType, (value: unknown) => boolean> = {
      string: (value) => typeof value === "string" && value !== "",
      integer: (value) => Number.isSafeInteger(value),
      number: (value) => Number.isFinite(value),
      decimal: (value) => /^\d+\.\d{2}$/.test(String(value)),
      boolean: (value) => typeof value === "boolean",
      date: (value) => typeof value === "string" && dateOf(dayOf(value)) === value,
      timestamp: (value) => value instanceof Date && !Number.isNaN(value.getTime()),
    };
    const dates = new Map<unknown, boolean>();
    for (const table of tableNames) {
      const columns = Object.entries(demoTables[table]) as [string, ColumnType][];
      for (const [column, type] of columns) {
        const wrong = company[table].find(({ [column]: value }) => {
          if (value === null) return false;
          if (type !== "date") return !holds[type](value);
          if (!dates.has(value)) dates.set(value, holds.date(value));
          return !dates.get(value);
        });
        expect(wrong, `${table}.${column}`).toBeUndefined();
      }
    }
  });

  test("leave empty only what may be unknown", () => {
    const mayBeNull: Partial<Record<DemoTableName, string[]>> = {
      crm_accounts: ["industry"],
      subscriptions: ["end_date", "renewal_date"],
      people: ["left_on"],
      product_events: ["user_id", "session_id", "feature"],
      support_tickets: [
        "first_replied_at",
        "resolved_at",
        "reopened_at",
        "wait_seconds",
        "abandoned",
        "csat",
      ],
      nps_responses: ["comment"],
    };
    for (const table of tableNames) {
      const empty = new Set(
        company[table].flatMap((row) => Object.keys(row).filter((key) => row[key] === null)),
      );
      expect([...empty].sort(), table).toEqual([...(mayBeNull[table] ?? [])].sort());
    }
  });

  test("have ids that are unique, but for duplicated events and the planted collision", () => {
    for (const table of tableNames.filter((name) => name !== "product_events")) {
      expect(new Set(company[table].map(({ id }) => id)).size, table).toBe(company[table].length);
    }
    const collisions = [...groupBy(company.product_events, "event_id")].filter(
      ([, rows]) => rows.length > 1 && new Set(lines(rows)).size > 1,
    );
    expect(collisions.map(([id]) => id)).toEqual(["evt_297_x"]);
  });

  test("name only accounts and people that exist", () => {
    const accounts = new Set(company.crm_accounts.map(({ id }) => id));
    const people = new Map(company.people.map((person) => [person.id, person.account_id]));
    for (const table of tableNames) {
      if (table === "crm_accounts") continue;
      expect(
        company[table].find(({ account_id }) => !accounts.has(account_id)),
        table,
      ).toBeUndefined();
      const stranger = company[table].find((row) => {
        const person = row.user_id ?? row.person_id ?? null;
        return person !== null && people.get(person) !== row.account_id;
      });
      expect(stranger, table).toBeUndefined();
    }
  });

  test("hold one impossible row per faulty account, and no others", () => {
    const signedUp = new Map(
      company.crm_accounts.map((account) => [account.id, dayOf(String(account.signed_up))]),
    );
    const impossibleTickets = company.support_tickets.filter(
      (ticket) =>
        (ticket.first_replied_at !== null && ms(ticket, "first_replied_at") < ms(ticket, "opened_at")) ||
        (ticket.first_replied_at !== null &&
          ticket.resolved_at !== null &&
          ms(ticket, "resolved_at") < ms(ticket, "first_replied_at")),
    );
    const tooEarly = company.product_events.filter(
      (event) => day(event, "occurred_at") < (signedUp.get(event.account_id) ?? 0),
    );
    expect(impossibleTickets.map(({ id }) => id)).toEqual(["tkt_00006_x", "tkt_00103_x"]);
    expect(tooEarly.map(({ event_id }) => event_id)).toEqual(["evt_200_x"]);
  });

  test("show some of everything: trials, late and early renewals, add-ons, returns, prospects who never bought", () => {
    const terms = company.subscriptions;
    const buyers = new Set(terms.filter(({ trial }) => !trial).map(({ account_id }) => account_id));
    expect(company.crm_accounts.length - buyers.size).toBeGreaterThan(20);
    expect(terms.filter(({ trial }) => trial).length).toBeGreaterThan(100);
    expect(terms.filter(({ plan }) => plan === "add_on").length).toBeGreaterThan(5);
    const gaps = [
      ...groupBy(
        terms.filter(({ trial, plan }) => !trial && plan !== "add_on"),
        "account_id",
      ).values(),
    ].flatMap((own) =>
      own.slice(1).map((term, i) => dayOf(String(term.start_date)) - dayOf(String(own[i]?.end_date))),
    );
    expect(gaps.filter((gap) => gap < 0).length).toBeGreaterThan(2);
    expect(gaps.filter((gap) => gap > 0 && gap <= 31).length).toBeGreaterThan(5);
    expect(gaps.filter((gap) => gap > 31).length).toBeGreaterThan(0);
    const open = terms.filter(({ end_date }) => end_date === null);
    expect(open.length).toBeGreaterThan(10);
    expect(open.every(({ renewal_date }) => String(renewal_date) >= years.through)).toBe(true);
  });
});

describe("the events", () => {
  const events = company.product_events;

  test("come late in 2 % and twice in 0.5 % of the cases", () => {
    const late = events.filter((event) => ms(event, "loaded_at") - ms(event, "occurred_at") >= 1.3 * DAY_MS);
    const latest = Math.max(
      ...late.filter((event) => !isFaulty(event)).map((e) => ms(e, "loaded_at") - ms(e, "occurred_at")),
    );
    expect(late.length / events.length).toBeGreaterThan(0.015);
    expect(late.length / events.length).toBeLessThan(0.025);
    expect(latest).toBeLessThanOrEqual(10 * DAY_MS);
    const copies = events.length - new Set(events.map(({ event_id }) => event_id)).size;
    expect(copies / events.length).toBeGreaterThan(0.004);
    expect(copies / events.length).toBeLessThan(0.006);
  });

  test("are never loaded before they occur", () => {
    expect(events.find((event) => ms(event, "loaded_at") < ms(event, "occurred_at"))).toBeUndefined();
  });

  test("rest at weekends", () => {
    const perWeekday = [0, 0, 0, 0, 0, 0, 0];
    for (const event of events) (perWeekday[weekdayOf(day(event, "occurred_at"))] as number) += 1;
    const weekend = ((perWeekday[5] ?? 0) + (perWeekday[6] ?? 0)) / 2;
    for (const weekday of perWeekday.slice(0, 5)) expect(weekend).toBeLessThan(0.3 * weekday);
  });

  test("ramp up after the start", () => {
    const since = new Map<unknown, number>();
    for (const term of company.subscriptions) {
      if (!since.has(term.account_id)) since.set(term.account_id, dayOf(String(term.start_date)));
    }
    const inDays = (from: number, to: number) =>
      events.filter((event) => {
        const tenure = day(event, "occurred_at") - (since.get(event.account_id) ?? 0);
        return tenure >= from && tenure < to;
      }).length;
    expect(inDays(0, 28)).toBeLessThan(0.6 * inDays(84, 112));
  });
});

describe("a later extract", () => {
  const cutoffOf = (date: string) => (dayOf(date) + 1) * DAY_MS;
  const request = (seed: number, through: number): DemoRequest => ({
    seed,
    from: years.from,
    through: dateOf(through),
    accounts: 20,
  });

  test("repeats all that an earlier one held, and tells it nothing", () => {
    const first = dayOf(years.from);
    const day0 = fc.integer({ min: first + 20, max: first + 500 });
    fc.assert(
      fc.property(fc.nat(1_000), day0, fc.integer({ min: 1, max: 250 }), (seed, earlierDay, more) => {
        const earlier = read(request(seed, earlierDay));
        const later = read(request(seed, earlierDay + more));
        const cutoff = cutoffOf(dateOf(earlierDay));
        for (const table of tableNames) {
          const known = lines(later[table].filter((row) => ms(row, "loaded_at") < cutoff));
          if ((appendOnly as readonly string[]).includes(table) || table === "crm_accounts") {
            expect(lines(earlier[table]), table).toEqual(known);
          } else {
            // What has not changed since is the same; what has, is there in its earlier version.
            expect(lines(earlier[table]), table).toEqual(expect.arrayContaining(known));
            const laterIds = new Set(later[table].map(({ id }) => id));
            expect(
              earlier[table].every(({ id }) => laterIds.has(id)),
              table,
            ).toBe(true);
          }
          expect(
            earlier[table].every((row) => ms(row, "loaded_at") < cutoff),
            table,
          ).toBe(true);
        }
      }),
      { numRuns: 8, seed: 1 },
    );
  });

  test("is the only one to know how tickets ended, who left and which monthly terms were given up", () => {
    const through = dayOf("2025-06-30");
    const earlier = read({ from: years.from, through: "2025-06-30", accounts: 90 });
    const later = read({ ...years, accounts: 90 });
    const find = (rows: Row[], id: unknown) => rows.find((row) => row.id === id);

    for (const ticket of earlier.support_tickets) {
      for (const column of ["opened_at", "first_replied_at", "resolved_at", "reopened_at"]) {
        if (ticket[column] !== null) expect(ms(ticket, column)).toBeLessThan(ms(ticket, "loaded_at"));
      }
    }
    const openThen = earlier.support_tickets.filter(({ resolved_at }) => resolved_at === null);
    expect(
      openThen.filter(({ id }) => find(later.support_tickets, id)?.resolved_at !== null).length,
    ).toBeGreaterThan(5);

    expect(earlier.people.every(({ left_on }) => left_on === null || dayOf(String(left_on)) < through)).toBe(
      true,
    );
    const leftSince = earlier.people.filter(
      ({ id, left_on }) => left_on === null && find(later.people, id)?.left_on !== null,
    );
    expect(leftSince.length).toBeGreaterThan(5);

    const givenUp = earlier.subscriptions.filter(
      ({ id, end_date }) => end_date === null && find(later.subscriptions, id)?.end_date !== null,
    );
    expect(givenUp.length).toBeGreaterThan(0);
    const signed = earlier.subscriptions.filter(({ start_date }) => dayOf(String(start_date)) > through + 20);
    expect(signed).toEqual([]);
  });

  test("has more accounts, arriving at the same rate", () => {
    const third = read({ from: years.from, through: "2026-12-31", accounts: 20 });
    expect(third.crm_accounts.length).toBeGreaterThan(23);
    expect(third.crm_accounts.length).toBeLessThan(29);
  });
});

describe("the planted effects", () => {
  const pooled = [
    ...renewals,
    ...[2, 3].flatMap((seed) => [...generateRenewals({ ...years, seed, accounts: 300 })]),
  ];
  const names = Object.keys(effects) as Trait[];
  /** A fit needs a baseline per rhythm; annual is the reference. */
  const rhythms = ["quarterly", "monthly"] as const;
  const fit = fitLogistic(
    pooled.map(({ rhythm, traits }) => [
      1,
      ...rhythms.map((r) => Number(rhythm === r)),
      ...names.map((name) => Number(traits[name])),
    ]),
    pooled.map(({ churned }) => Number(churned)),
  );

  test.each(names)("are found again by a logistic fit: %s", (name) => {
    const at = 1 + rhythms.length + names.indexOf(name);
    const estimate = fit.coefficients[at] ?? Number.NaN;
    const error = fit.standardErrors[at] ?? Number.NaN;
    expect(Math.abs(estimate - Math.log(effects[name]))).toBeLessThan(3 * error);
  });

  test("are all that decides: as many leave as the model says", () => {
    for (const { rhythm, traits, probability } of pooled)
      expect(probability).toBe(churnProbability(rhythm, traits));
    const expected = pooled.reduce((sum, { probability }) => sum + probability, 0);
    const variance = pooled.reduce((sum, { probability: p }) => sum + p * (1 - p), 0);
    const left = pooled.filter(({ churned }) => churned).length;
    expect(Math.abs(left - expected)).toBeLessThan(3 * Math.sqrt(variance));
  });

  test("stand in the README with the same numbers", () => {
    const readme = readFileSync(new URL("../../demo/README.md", import.meta.url), "utf8");
    for (const name of names) expect(readme).toContain(`| \`${name}\` | ${effects[name]} |`);
  });
});

describe("the raw tables", () => {
  test("show every trait as the model saw it", () => {
    const traitsFromTables = readTraits(company);
    for (const { accountId, decidedOn, traits } of renewals) {
      // What was loaded too late to be in the extract can't be seen in it.
      if (decidedOn > "2025-12-15") continue;
      expect(traitsFromTables(accountId, dayOf(decidedOn)), `${accountId} ${decidedOn}`).toEqual(traits);
    }
  });

  test("show a departure as an end without successor, and a stay as a term that goes on", () => {
    for (const { accountId, renewsOn, churned } of renewals) {
      if (renewsOn > "2025-12-01") continue;
      const paid = company.subscriptions.filter(
        ({ account_id, trial }) => account_id === accountId && !trial,
      );
      const goesOn = paid.some(
        ({ start_date, end_date }) =>
          (end_date === null || String(end_date) > renewsOn) &&
          dayOf(String(start_date)) <= dayOf(renewsOn) + 31,
      );
      expect(goesOn, `${accountId} ${renewsOn}`).toBe(!churned);
    }
  });

  test("show the signs of the strong effects in the share that leaves", () => {
    const annual = outcomesOfAnnualTerms(defaultCompany);
    const shareLeaving = (trait: Trait, holds: boolean) => {
      const group = annual.filter(({ traits }) => traits[trait] === holds);
      return group.filter(({ left }) => left).length / group.length;
    };
    expect(annual.length).toBeGreaterThan(300);
    for (const trait of [
      "integration_within_30d",
      "executive_contact_120d",
      "outcome_confirmed_180d",
    ] as const)
      expect(shareLeaving(trait, true), trait).toBeLessThan(shareLeaving(trait, false));
    for (const trait of ["urgent_open_over_7d", "champion_gone", "detractor_180d"] as const)
      expect(shareLeaving(trait, true), trait).toBeGreaterThan(shareLeaving(trait, false));
  });

  test("show usage falling away before a departure, and not before a stay", () => {
    const events = groupBy(company.product_events, "account_id");
    const count = (account: string, from: number, to: number) =>
      (events.get(account) ?? []).filter((e) => day(e, "occurred_at") >= from && day(e, "occurred_at") < to)
        .length;
    const ratio = (group: Renewal[]) => {
      const last = group.reduce(
        (sum, r) => sum + count(r.accountId, dayOf(r.renewsOn) - 28, dayOf(r.renewsOn)),
        0,
      );
      const usual = group.reduce(
        (sum, r) => sum + count(r.accountId, dayOf(r.renewsOn) - 88, dayOf(r.renewsOn) - 60),
        0,
      );
      return last / usual;
    };
    const annual = renewals.filter(({ rhythm, renewsOn }) => rhythm === "annual" && renewsOn <= "2025-12-15");
    expect(ratio(annual.filter(({ churned }) => churned))).toBeLessThan(0.65);
    expect(ratio(annual.filter(({ churned }) => !churned))).toBeGreaterThan(0.8);
  });
});

describe("the options", () => {
  test.each([
    [{ through: "2025-02-30" }, "through is 2025-02-30"],
    [{ through: "2025-01-31", from: "2025-02-01" }, "from is 2025-02-01"],
    [{ through: "2025-01-31", accounts: 0 }, "accounts is 0"],
    [{ through: "2025-01-31", seed: 0.5 }, "seed is 0.5"],
  ])("are refused by name when they make no sense: %j", (request, message) => {
    expect(() => generateCompany(request).next()).toThrow(message);
  });
});

/** Reads the traits of an account on a day from the raw tables alone. */
function readTraits(tables: Company): (account: string, today: number) => Record<Trait, boolean> {
  const [events, tickets, answers, contacts, outcomes, people, terms] = (
    [
      "product_events",
      "support_tickets",
      "nps_responses",
      "touchpoints",
      "outcomes",
      "people",
      "subscriptions",
    ] as const
  ).map((name) =>
    groupBy(
      tables[name].filter((row) => !isFaulty(row)),
      "account_id",
    ),
  ) as [
    Map<unknown, Row[]>,
    Map<unknown, Row[]>,
    Map<unknown, Row[]>,
    Map<unknown, Row[]>,
    Map<unknown, Row[]>,
    Map<unknown, Row[]>,
    Map<unknown, Row[]>,
  ];
  const segments = new Map(tables.crm_accounts.map(({ id, segment }) => [id, segment]));
  const within = (today: number, days: number) => (row: Row, column: string) =>
    day(row, column) > today - days && day(row, column) <= today;

  return (account, today) => {
    const of = (rows: Map<unknown, Row[]>) => rows.get(account) ?? [];
    const paid = of(terms).filter(({ trial }) => !trial);
    const start = Math.min(...paid.map(({ start_date }) => dayOf(String(start_date))));
    const seatsOn = (d: number) =>
      paid
        .filter(
          (t) => dayOf(String(t.start_date)) <= d && (t.end_date === null || d < dayOf(String(t.end_date))),
        )
        .reduce((sum, { seats }) => sum + Number(seats), 0);
    const early = of(events).filter((e) => day(e, "occurred_at") <= start + 30);
    const seatsActive = Array.from({ length: 31 }, (_, i) => start + i).some((d) => {
      const recent = early.filter((e) => within(d, 28)(e, "occurred_at") && e.user_id !== null);
      return new Set(recent.map(({ user_id }) => user_id)).size >= 0.2 * seatsOn(d);
    });
    const recent = [
      ...groupBy(
        of(events).filter((e) => within(today, 28)(e, "occurred_at")),
        "event_id",
      ).keys(),
    ];
    const recentSticky = groupBy(
      of(events).filter(
        (e) =>
          within(today, 28)(e, "occurred_at") && (stickyFeatures as readonly unknown[]).includes(e.feature),
      ),
      "event_id",
    ).size;
    const lastAnswers = new Map(
      of(answers)
        .filter((a) => within(today, 180)(a, "responded_at"))
        .map((a) => [a.person_id, Number(a.score)]),
    );
    return {
      integration_within_30d: early.some(({ event }) => event === "connect_integration"),
      seats_active_within_30d: seatsActive,
      executive_contact_120d: of(contacts).some(
        (c) => c.kind === "executive_call" && within(today, 120)(c, "happened_at"),
      ),
      outcome_confirmed_180d: of(outcomes).some((o) => within(today, 180)(o, "confirmed_at")),
      sticky_share_28d: recent.length > 0 && recentSticky / recent.length >= 0.2,
      urgent_open_over_7d: of(tickets).some((t) => {
        const end = (today + 1) * DAY_MS;
        const closed = t.resolved_at === null ? end : Math.min(end, ms(t, "resolved_at"));
        return (
          t.priority === "urgent" &&
          within(today, 120)(t, "opened_at") &&
          closed - ms(t, "opened_at") > 7 * DAY_MS
        );
      }),
      champion_gone: !of(people).some(
        (p) =>
          p.role === "champion" &&
          dayOf(String(p.joined)) <= today &&
          (p.left_on === null || dayOf(String(p.left_on)) > today),
      ),
      detractor_180d: [...lastAnswers.values()].some((score) => score <= 6),
      is_enterprise: segments.get(account) === "enterprise",
      is_small_business: segments.get(account) === "small_business",
    };
  };
}

/** Annual terms whose fate is known, by the tables alone, with the traits 60 days before. */
function outcomesOfAnnualTerms(tables: Company): { left: boolean; traits: Record<Trait, boolean> }[] {
  const traitsOn = readTraits(tables);
  const paid = tables.subscriptions.filter(({ trial, plan }) => !trial && plan !== "add_on");
  return paid
    .map((term) => ({
      account: String(term.account_id),
      starts: dayOf(String(term.start_date)),
      ends: term.end_date === null ? Number.POSITIVE_INFINITY : dayOf(String(term.end_date)),
    }))
    .filter(({ starts, ends }) => ends - starts > 300 && ends <= dayOf(years.through) - 31)
    .map(({ account, ends }) => ({
      traits: traitsOn(account, ends - 60),
      left: !paid.some(
        (next) => next.account_id === account && Math.abs(dayOf(String(next.start_date)) - ends) <= 31,
      ),
    }));
}
