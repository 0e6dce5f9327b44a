import { defineConfig } from '@playwright/test';
import { launchOptions } from './support/chromium.mjs';

export default defineConfig({
  testDir: 'tests',
  outputDir: 'results/failures',
  // Media of several people at once is heavy, and a slower second test would say nothing.
  workers: 1,
  retries: 0,
  forbidOnly: !!process.env['CI'],
  // A busy machine takes its time; what is to be quick has limits of its own.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: process.env['CI'] ? [['list'], ['github']] : 'list',
  use: { launchOptions, actionTimeout: 20_000, navigationTimeout: 20_000 },
});
