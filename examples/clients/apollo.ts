// The same with Apollo Client: the typed document tells it what comes back.
import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { AtRiskDocument } from "waymark/client";

const { WAYMARK_URL: url = "http://localhost:4000", WAYMARK_KEY: key } = process.env;
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: new HttpLink({ uri: `${url}/graphql`, headers: key ? { authorization: `Bearer ${key}` } : {} }),
});

const { data } = await client.query({ query: AtRiskDocument, variables: { first: 5 } });
for (const { name, health } of data?.accounts.nodes ?? [])
  console.log(`${name}: ${health?.score?.toFixed(0) ?? "no score"}`);
