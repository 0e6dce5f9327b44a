import { defineConfig } from '@playwright/test';
import { launchOptions } from './support/chromium.mjs';

/** The tag of what says how long something takes, or needs most of a machine. */
const ALONE = /@alone/;
/** The tag of long forms of what a shorter test guards: only `make soak` runs them. */
const SOAK = /@soak/;

export default defineConfig({
  testDir: 'tests',
  ...(process.env['SOAK'] ? {} : { grepInvert: SOAK }),
  outputDir: 'results/failures',
  // People mostly wait for each other: two tests at once keep two cores busy.
  workers: 2,
  fullyParallel: true,
  // In this order: what runs alone begins when only the last of the others is not done.
  projects: [
    { name: 'together', grepInvert: ALONE },
    { name: 'alone', grep: ALONE, workers: 1 },
  ],
  retries: 0,
  forbidOnly: !!process.env['CI'],
  // A busy machine takes its time; what is to be quick has limits of its own.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  reporter: [['list'], ['./support/slowest.ts'], ...(process.env['CI'] ? [['github'] as const] : [])],
  use: { launchOptions, actionTimeout: 30_000, navigationTimeout: 30_000 },
});
