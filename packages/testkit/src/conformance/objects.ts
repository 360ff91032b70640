/** Small objects for the tests; each call makes a new one. */

export const configMap = (name: string, data: Record<string, string> = { a: "1" }, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...metadata },
  data,
});

export const deployment = (name: string, spec: object = {}, podSpec: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "main", image: "nginx:1" }], ...podSpec },
    },
    ...spec,
  },
});

export const statefulSet = (name: string, podSpec: object = {}) => ({
  ...deployment(name, { serviceName: name }, podSpec),
  kind: "StatefulSet",
});

export const job = (name: string) => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name },
  spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image: "nginx:1" }] } } },
});

export const service = (name: string, spec: object = {}) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
});

export const ingress = (name: string, spec: object = {}) => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name },
  spec: {
    rules: [
      {
        host: `${name}.example.com`,
        http: {
          paths: [{ path: "/", pathType: "Prefix", backend: { service: { name, port: { number: 80 } } } }],
        },
      },
    ],
    ...spec,
  },
});

export const quota = (name: string, hard: Record<string, string>) => ({
  apiVersion: "v1",
  kind: "ResourceQuota",
  metadata: { name },
  spec: { hard },
});
