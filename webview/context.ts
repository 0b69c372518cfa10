/** What a right click means to the host: VS Code reads it from the element and passes it to the menu's commands. */
import type { SessionSummary } from '../extension/shared/session.ts';

export const sessionContext = ({ id, shelf, isPinned }: SessionSummary): string =>
  JSON.stringify({
    webviewSection: 'session',
    sessionId: id,
    shelf,
    isPinned,
    preventDefaultContextMenuItems: true,
  });

export const messageContext = (sessionId: string, itemId: string, kind: 'user' | 'assistant'): string =>
  JSON.stringify({
    webviewSection: 'message',
    sessionId,
    itemId,
    kind,
    preventDefaultContextMenuItems: false,
  });

/** In a field of such an element one wants to cut, copy and paste. */
export const fieldContext = JSON.stringify({
  webviewSection: 'field',
  preventDefaultContextMenuItems: false,
});

/** Opens the native menu that belongs to an element, below it; VS Code takes the event as it takes a right click. */
export const openContextMenu = (element: HTMLElement): void => {
  const { left, bottom } = element.getBoundingClientRect();
  element.dispatchEvent(
    new MouseEvent('contextmenu', {
      bubbles: true,
      cancelable: true,
      clientX: left,
      clientY: bottom,
      view: window,
    }),
  );
};
