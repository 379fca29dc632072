import { describe, expect, it } from "vitest";
import { termOutcomes } from "../../models/outcomes/term_outcomes.js";
import { companyOf, type Given } from "./built.js";
import { event, journeyText, paid } from "./given.js";

const acme = { account_id: "a", created_on: "2022-01-01" };
const outcomesOf = async (contracts: Given["contracts"], through = "2024-06-30", journey?: string) => {
  const company = await companyOf(
    { accounts: [acme], contracts: contracts ?? [], usage_events: [event("2024-01-01")] },
    { through, ...(journey ? { journey } : {}) },
  );
  const rows = await company.read(termOutcomes);
  return rows.map((row) => [row.ended_on, row.outcome, row.mrr_before, row.mrr_after, row.returned_on]);
};
const wordsOf = async (...given: Parameters<typeof outcomesOf>) =>
  (await outcomesOf(...given)).map(([day, outcome]) => `${day} ${outcome}`);
const mrr = (amount: string) => ({ mrr: amount });

describe("the outcome of a term", () => {
  it("is one of staying where a successor starts on the end day or within gap_days, by MRR after and before", async () => {
    expect(
      await outcomesOf([
        paid("2022-01-01", "2022-07-01", mrr("100")),
        paid("2022-07-01", "2023-01-01", mrr("120")),
        // 31 days after the end.
        paid("2023-02-01", "2023-07-01", mrr("90.5")),
        paid("2023-07-02", "2024-01-01", mrr("90.5")),
        paid("2024-01-01", null, {}),
      ]),
    ).toEqual([
      ["2022-07-01", "expanded", "100", "120", null],
      ["2023-01-01", "contracted", "120", "90.5", null],
      ["2023-07-01", "renewed", "90.5", "90.5", null],
      ["2024-01-01", "renewed", "90.5", null, null],
    ]);
  });

  it("is churn on the end day where nothing follows in time; a later return is told, and changes it not", async () => {
    expect(
      await outcomesOf([
        paid("2022-01-01", "2023-01-01", { ...mrr("100"), churn_reason: "price" }),
        // 32 days after the end.
        paid("2023-02-02", "2024-01-01", mrr("70")),
      ]),
    ).toEqual([
      ["2023-01-01", "churned", "100", null, "2023-02-02"],
      ["2024-01-01", "churned", "70", null, null],
    ]);
  });

  it("is undecided through the last gap_days of data, and churn from then on", async () => {
    const contracts = [paid("2023-05-01", "2024-05-01")];
    expect(await outcomesOf(contracts, "2024-04-30")).toEqual([]);
    expect(await wordsOf(contracts, "2024-05-01")).toEqual(["2024-05-01 undecided"]);
    expect(await wordsOf(contracts, "2024-05-31")).toEqual(["2024-05-01 undecided"]);
    expect(await wordsOf(contracts, "2024-06-01")).toEqual(["2024-05-01 churned"]);
    const patient = journeyText({ rest: "churn: { gap_days: 60 }" });
    expect(await wordsOf(contracts, "2024-06-01", patient)).toEqual(["2024-05-01 undecided"]);
    // A successor that is signed already decides it at once.
    const signed = [...contracts, paid("2024-05-20")];
    expect(await wordsOf(signed, "2024-05-02")).toEqual(["2024-05-01 renewed"]);
  });

  it("counts what overlaps: an add-on that ends contracts, and one of two that end together is one term", async () => {
    expect(
      await outcomesOf([
        paid("2022-01-01", "2024-01-01", mrr("100")),
        paid("2022-06-01", "2023-06-01", mrr("30")),
        paid("2023-02-01", "2024-01-01", mrr("20")),
      ]),
    ).toEqual([
      ["2023-06-01", "contracted", "150", "120", null],
      ["2024-01-01", "churned", "120", null, null],
    ]);
  });

  it("is none of trials, of open-ended contracts, and of contracts that can't be", async () => {
    expect(
      await outcomesOf([
        paid("2022-01-01", "2022-02-01", { is_trial: true }),
        paid("2022-03-01", null),
        paid("2023-03-01", "2023-03-01"),
        paid("2023-05-01", "2023-04-01"),
      ]),
    ).toEqual([]);
    // Nor does a trial keep a customer.
    expect(
      await wordsOf([paid("2022-01-01", "2022-02-01"), paid("2022-02-01", null, { is_trial: true })]),
    ).toEqual(["2022-02-01 churned"]);
  });
});
