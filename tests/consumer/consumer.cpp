#include <cstdio>

#include <raft/server.h>

int main() {
  raft::Server server = raft::Server::start(1, raft::ServerSet{1}, {}, /*seed=*/7, raft::Time(0));
  server.step(server.deadline(), raft::Timeout{});
  server.step(server.deadline(), raft::Written{1});
  std::printf("leads: %s\n", server.is<raft::Leader>() ? "yes" : "no");
  return server.is<raft::Leader>() ? 0 : 1;
}
