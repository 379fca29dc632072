// The accounts that need somebody first. WAYMARK_URL and WAYMARK_KEY say where and as whom to ask.
import { AtRiskDocument, NoAnswer, waymark } from "waymark/client";

const { WAYMARK_URL: url = "http://localhost:4000", WAYMARK_KEY: key } = process.env;
const ask = waymark({ url, key });

try {
  const { data, snapshot } = await ask(AtRiskDocument, { first: 5 });
  for (const { name, health } of data.accounts.nodes)
    console.log(`${name}: ${health?.score?.toFixed(0) ?? "no score"}`);
  console.log(`Data through ${snapshot?.dataThrough}.`);
} catch (error) {
  if (!(error instanceof NoAnswer)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
