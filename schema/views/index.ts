import { HealthView } from "./health.js";
import { MilestonesView } from "./milestones.js";
import { OnboardingView } from "./onboarding.js";
import { RevenueView } from "./revenue.js";
import { SignalsView } from "./signals.js";
import { StagesView } from "./stages.js";
import { SupportView } from "./support.js";
import { TasksView } from "./tasks.js";
import { TouchpointsView } from "./touchpoints.js";
import { UsageView } from "./usage.js";
import { VoiceView } from "./voice.js";

/** Every view, in reading order. */
export const views = [
  HealthView,
  StagesView,
  MilestonesView,
  OnboardingView,
  UsageView,
  SupportView,
  VoiceView,
  SignalsView,
  TasksView,
  TouchpointsView,
  RevenueView,
];
