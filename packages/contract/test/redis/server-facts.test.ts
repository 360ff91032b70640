import { describe, expect, it } from "vitest";
import { judgeServer, readInfo } from "../../src/redis/server-facts.ts";

const GOOD = "# Server\r\nrole:master\r\ncluster_enabled:0\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n";

describe("what INFO tells", () => {
  it("a server as it should be is neither refused nor warned of", () => {
    expect(judgeServer(readInfo(GOOD), "server")).toEqual({ refusals: [], warnings: [] });
  });

  it.each(["allkeys-lru", "volatile-ttl"])("a server that evicts (%s) is refused", (policy) => {
    const { refusals } = judgeServer(readInfo(GOOD.replace("noeviction", policy)), "sentinel");
    expect(refusals).toEqual([expect.stringContaining(`maxmemory-policy ${policy}`)]);
  });

  it("one without an append-only file, and one that says nothing of itself, are warned of", () => {
    expect(judgeServer(readInfo(GOOD.replace("aof_enabled:1", "aof_enabled:0")), "server")).toEqual({
      refusals: [],
      warnings: [expect.stringContaining("append-only")],
    });
    const silent = judgeServer(readInfo("role:master\r\n"), "server");
    expect(silent.refusals).toEqual([]);
    expect(silent.warnings).toHaveLength(2);
  });

  it("a node of a cluster is refused where the URL names a server", () => {
    const info = readInfo(GOOD.replace("cluster_enabled:0", "cluster_enabled:1"));
    expect(judgeServer(info, "server").refusals).toEqual([expect.stringContaining("redis+cluster://")]);
    expect(judgeServer(info, "cluster").refusals).toEqual([]);
  });

  it("the replicas' addresses are read, those without a port left out", () => {
    const lines = [
      "slave0:ip=10.0.0.7,port=6379,state=online,offset=1,lag=0",
      "slave1:ip=::1,port=6380,state=wait_bgsave",
      "slave2:ip=x,port=0,state=wait",
      "slave_repl_offset:5",
    ];
    expect(readInfo(GOOD + lines.join("\r\n")).replicas).toEqual([
      { host: "10.0.0.7", port: 6379 },
      { host: "::1", port: 6380 },
    ]);
  });
});
