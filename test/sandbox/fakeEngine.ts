import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';

type Handler = (request: http.IncomingMessage, response: http.ServerResponse, body: string) => void;

/** What answers at an engine's socket, for real dockerode to speak with. */
export interface FakeEngine {
  readonly socket: string;
  readonly docker: Docker;
  /** `GET /info`, in the order of arrival; paths without their query. */
  readonly requests: string[];
  close(): Promise<void>;
}

export const json =
  (value: unknown, status = 200): Handler =>
  (_, response) => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(value));
  };

/** Lines as the engine writes them while it works. */
export const events =
  (...values: unknown[]): Handler =>
  (_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(values.map((value) => `${JSON.stringify(value)}\r\n`).join(''));
  };

export const silence: Handler = () => undefined;

export const info = (more: object = {}) => ({
  OSType: 'linux',
  OperatingSystem: 'Debian GNU/Linux 12 (bookworm)',
  ServerVersion: '28.2.2',
  SecurityOptions: ['name=seccomp,profile=builtin', 'name=cgroupns'],
  MemTotal: 8_000_000_000,
  NCPU: 4,
  ...more,
});

/** As Docker answers; `routes` replaces or adds. What is not there is a 404 in the engine's manner. */
export const startFakeEngine = async (routes: Record<string, Handler> = {}): Promise<FakeEngine> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'acw-'));
  const socket = path.join(folder, 'docker.sock');
  const every: Record<string, Handler> = {
    'GET /_ping': (_, response) => void response.end('OK'),
    'GET /info': json(info()),
    'GET /version': json({ Version: '28.2.2', Components: [{ Name: 'Engine', Version: '28.2.2' }] }),
    ...routes,
  };
  const requests: string[] = [];
  const server = http.createServer((request, response) => {
    const name = `${request.method} ${request.url?.split('?')[0]}`;
    requests.push(name);
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () =>
      (every[name] ?? json({ message: `page not found: ${name}` }, 404))(request, response, body),
    );
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    socket,
    docker: new Docker({ socketPath: socket, host: undefined }),
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
};
