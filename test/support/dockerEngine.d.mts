export declare const ensureDockerEngine: () => Promise<{ host: string } | { reason: string }>;
