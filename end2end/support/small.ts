// The small window of a call, which is no page of its own: the page that opened it reaches into it.
import type { Page } from '@playwright/test';

/** What is read in its document; null while there is none. */
export const inSmallWindow = <T>(page: Page, read: (document: Document, argument: string) => T, argument = '') =>
  page.evaluate(
    ([read, argument]) => {
      const { window: small } = (globalThis as unknown as { documentPictureInPicture: { window: Window | null } }).documentPictureInPicture;
      return small && new Function('document', 'argument', `return (${read})(document, argument)`)(small.document, argument);
    },
    [read.toString(), argument] as const,
  ) as Promise<Awaited<T> | null>;
