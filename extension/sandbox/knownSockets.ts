import path from 'node:path';

export interface SocketPlaces {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: NodeJS.Platform;
  readonly userId?: number;
}

/**
 * Where engines listen that nobody had to set up: absolute paths, in the order in which they are tried. Docker before
 * Podman, the system's before those of programs that bring their own machine.
 */
export const knownSockets = ({ environment, home, platform, userId }: SocketPlaces): readonly string[] => {
  if (platform === 'win32') {
    return ['docker_engine', 'dockerDesktopLinuxEngine', 'podman-machine-default'].map(
      (name) => `//./pipe/${name}`,
    );
  }
  const below = (...names: string[]) => path.posix.join(home, ...names);
  const machines = [
    below('.colima', 'default', 'docker.sock'),
    below('.rd', 'docker.sock'),
    below('.orbstack', 'run', 'docker.sock'),
    below('.lima', 'docker', 'sock', 'docker.sock'),
  ];
  if (platform === 'darwin') {
    const temporary = environment.TMPDIR;
    return [
      below('.docker', 'run', 'docker.sock'),
      '/var/run/docker.sock',
      ...machines,
      ...(temporary ? [path.posix.join(temporary, 'podman', 'podman-machine-default-api.sock')] : []),
      below('.local', 'share', 'containers', 'podman', 'machine', 'podman.sock'),
    ];
  }
  // Editors that a desktop starts do not always have it.
  const runtime = environment.XDG_RUNTIME_DIR || (userId === undefined ? '' : `/run/user/${userId}`);
  const inRuntime = (...names: string[]) => (runtime === '' ? [] : [path.posix.join(runtime, ...names)]);
  return [
    '/var/run/docker.sock',
    ...inRuntime('docker.sock'),
    below('.docker', 'run', 'docker.sock'),
    below('.docker', 'desktop', 'docker.sock'),
    ...machines,
    ...inRuntime('podman', 'podman.sock'),
    '/run/podman/podman.sock',
  ];
};
