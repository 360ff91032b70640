/** The smallest template with pods and an address; tests name its lines, so count before you change it. */
const LINES = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: service_name
spec:
  selector:
    matchLabels:
      app: service_name
  template:
    metadata:
      labels:
        app: service_name
    spec:
      automountServiceAccountToken: false
      containers:
        - name: runner
          image: runner:1
---
apiVersion: v1
kind: Service
metadata:
  name: service_name
spec:
  selector:
    app: service_name
  ports:
    - port: 3000
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: service_name
spec:
  rules:
    - host: service_name.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: service_name
                port:
                  number: 3000`.split("\n");

/** The small template with lines put after the given one (from 1), in place of as many as `removed` says. */
export function edited(after: number, put: string, removed = 0): string {
  return LINES.toSpliced(after, removed, ...(put === "" ? [] : put.split("\n"))).join("\n");
}

/** The small template as it is. */
export const SMALL_TEMPLATE = LINES.join("\n");
