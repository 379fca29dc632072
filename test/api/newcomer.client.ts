import { graphql } from "../../client/gql.js";

/** A typed document as a service writes it: the variables and the answer are inferred from this text. */
export const worstAccounts = graphql(`
  query WorstAccounts($first: Int!, $since: LocalDate!) {
    accounts(orderBy: { field: SCORE, direction: ASC }, first: $first) {
      nodes {
        id
        mrr
        health {
          score
          band
          change(since: $since) {
            change
            capChange
            indicators {
              id
              change
            }
          }
        }
      }
    }
  }
`);
