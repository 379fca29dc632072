import type { Random } from "./random.js";

const heads = ["Bre", "Cal", "Dor", "Els", "Fen", "Gri", "Hal", "Ivo", "Jun", "Kor", "Lun", "Mer"] as const;
const tails = ["dric", "lvo", "mond", "nett", "pana", "quin", "sto", "thal", "vance", "wick", "xia"] as const;
const trades = ["Foods", "Freight", "Labs", "Media", "Optics", "Partners", "Supply", "Systems"] as const;

/** Differs for every `index` below 1,056; beyond, the round is numbered. */
export function companyName(index: number, random: Random): string {
  const combinations = heads.length * tails.length * trades.length;
  const head = heads[index % heads.length];
  const tail = tails[Math.floor(index / heads.length) % tails.length];
  const trade = trades[Math.floor(index / (heads.length * tails.length)) % trades.length];
  const legal = random.pick(["", "", " Ltd", " Inc"]);
  const round = Math.floor(index / combinations);
  return `${head}${tail} ${trade}${round > 0 ? ` ${round + 1}` : ""}${legal}`;
}

// biome-ignore format: one name per line would be a screen of names
const given = [
  "Ada", "Bram", "Chidi", "Dana", "Emre", "Freya", "Goran", "Hana", "Idris", "Jana", "Kofi", "Lena", "Milo",
  "Nora", "Omar", "Petra", "Quinn", "Rosa", "Sven", "Talia", "Umar", "Vera", "Wen", "Yara", "Zeno",
] as const;
// biome-ignore format: as above
const family = [
  "Abara", "Brandt", "Costa", "Duarte", "Eklund", "Farrow", "Gruber", "Haddad", "Ito", "Jansen", "Kaur",
  "Lindqvist", "Moreau", "Novak", "Okoye", "Pereira", "Rossi", "Sato", "Tanaka", "Usman", "Vidal", "Weiss",
] as const;

export function personName(random: Random): string {
  return `${random.pick(given)} ${random.pick(family)}`;
}
