import type { ToHost, ToWebview } from '../extension/shared/protocol.ts';

/** What VS Code gives a webview; it may be asked for once. */
interface VsCodeApi {
  postMessage(message: ToHost): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare const acquireVsCodeApi: () => VsCodeApi;

export type Post = (message: ToHost) => void;

export interface Host {
  readonly post: Post;
  readonly loadState: () => unknown;
  readonly saveState: (state: unknown) => void;
  readonly onMessage: (listener: (message: ToWebview) => void) => void;
}

const isMessage = (data: unknown): data is ToWebview =>
  typeof data === 'object' &&
  data !== null &&
  'type' in data &&
  typeof data.type === 'string' &&
  'seq' in data &&
  typeof data.seq === 'number';

/** The host posts together what it has to say. */
export const messagesOf = ({ data }: MessageEvent<unknown>): readonly ToWebview[] =>
  (Array.isArray(data) ? data : [data]).filter(isMessage);

export const connectHost = (): Host => {
  const api = acquireVsCodeApi();
  return {
    post: (message) => api.postMessage(message),
    loadState: () => api.getState(),
    saveState: (state) => api.setState(state),
    // Only the host of this extension can post here, so the shape of a known message is not parsed again.
    onMessage: (listener) =>
      window.addEventListener('message', (event: MessageEvent<unknown>) => {
        for (const each of messagesOf(event)) listener(each);
      }),
  };
};
