// The picture-in-picture window of a call, which is not a page of its own: the opener accesses it.
import type { Page } from '@playwright/test';

/** A value from its document; null while it is closed. */
export const inSmallWindow = <T>(page: Page, read: (document: Document, argument: string) => T, argument = '') =>
  page.evaluate(
    ([read, argument]) => {
      const { window: small } = (globalThis as unknown as { documentPictureInPicture: { window: Window | null } }).documentPictureInPicture;
      return small && new Function('document', 'argument', `return (${read})(document, argument)`)(small.document, argument);
    },
    [read.toString(), argument] as const,
  ) as Promise<Awaited<T> | null>;
