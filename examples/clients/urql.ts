// The same with urql.
import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { AtRiskDocument } from "waymark/client";

const { WAYMARK_URL: url = "http://localhost:4000", WAYMARK_KEY: key } = process.env;
const client = new Client({
  url: `${url}/graphql`,
  preferGetMethod: false,
  fetchOptions: { headers: key ? { authorization: `Bearer ${key}` } : {} },
  exchanges: [cacheExchange, fetchExchange],
});

const { data, error } = await client.query(AtRiskDocument, { first: 5 });
if (error) throw error;
for (const { name, health } of data?.accounts.nodes ?? [])
  console.log(`${name}: ${health?.score?.toFixed(0) ?? "no score"}`);
