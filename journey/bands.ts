/** Health in words; unknown where there is too little evidence for a score. */
export const bands = ["poor", "average", "good", "unknown"] as const;
export type Band = (typeof bands)[number];
