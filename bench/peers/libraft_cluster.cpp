#include "bench/peers/libraft_cluster.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {

namespace {

constexpr int electionTimeout = 1000;  // milliseconds, libraft's default
constexpr int heartbeatTimeout = 100;

// libraft returns an error where we would not go on.
void mustSucceed(int status, const char* what) {
  if (status == 0) return;
  std::fprintf(stderr, "libraft: %s failed: %s\n", what, raft_strerror(status));
  std::exit(1);
}

template <class T>
T* allocate(std::size_t count = 1) {
  return static_cast<T*>(raft_calloc(count, sizeof(T)));
}

}  // namespace

LibraftCluster::LibraftCluster(const Workload& work)
    : compacted_(work.compacted), commands_(work.size) {
  raft_configuration_init(&configuration_);
  for (raft_id id = 1; id <= work.servers; ++id) {
    servers_.push_back(std::make_unique<Server>());
    servers_.back()->cluster = this;
    servers_.back()->id = id;
    servers_.back()->address = std::to_string(id);
    mustSucceed(
        raft_configuration_add(&configuration_, id, servers_.back()->address.c_str(), RAFT_VOTER),
        "raft_configuration_add");
  }
  for (auto& server : servers_) start(*server);
  now_ += electionTimeout + 1;  // that of server 1; the others' are twice as long
  servers_[0]->tick(&servers_[0]->io);
  while (deliver()) continue;
  mustSucceed(raft_state(&servers_[0]->core) == RAFT_LEADER ? 0 : RAFT_NOTLEADER, "the election");
}

LibraftCluster::~LibraftCluster() {
  for (auto& server : servers_) raft_close(&server->core, nullptr);
  raft_configuration_close(&configuration_);
}

void LibraftCluster::start(Server& server) {
  server.io = makeIo(server);
  server.machine = makeMachine(server);
  std::memset(&server.tracer, 0, sizeof server.tracer);
  mustSucceed(
      raft_init(&server.core, &server.io, &server.machine, server.id, server.address.c_str()),
      "raft_init");
  server.core.tracer = &server.tracer;
  const unsigned never = 2'000'000'000;
  const unsigned entries = compacted_ == 0 ? never : static_cast<unsigned>(compacted_);
  raft_set_snapshot_threshold(&server.core, entries);
  raft_set_snapshot_trailing(&server.core, entries);
  mustSucceed(raft_start(&server.core), "raft_start");
}

raft_io LibraftCluster::makeIo(Server& server) {
  raft_io io;
  std::memset(&io, 0, sizeof io);
  io.version = 1;
  io.impl = &server;
  io.init = [](raft_io*, raft_id, const char*) { return 0; };
  io.close = [](raft_io* self, raft_io_close_cb done) { done(self); };
  io.load = load;
  io.start = [](raft_io* self, unsigned, raft_io_tick_cb tick, raft_io_recv_cb receive) {
    of(self).tick = tick;
    of(self).receive = receive;
    return 0;
  };
  io.bootstrap = [](raft_io*, const raft_configuration*) { return 0; };
  io.set_term = [](raft_io*, raft_term) { return 0; };
  io.set_vote = [](raft_io*, raft_id) { return 0; };
  io.send = send;
  io.append = append;
  io.truncate = [](raft_io*, raft_index) { return 0; };
  io.snapshot_put = putSnapshot;
  io.snapshot_get = [](raft_io*, raft_io_snapshot_get*, raft_io_snapshot_get_cb) -> int {
    std::abort();  // nobody falls so far behind
  };
  io.time = [](raft_io* self) { return of(self).cluster->now_; };
  io.random = [](raft_io* self, int least, int most) { return of(self).id == 1 ? least : most; };
  return io;
}

raft_fsm LibraftCluster::makeMachine(Server& server) {
  raft_fsm machine;
  std::memset(&machine, 0, sizeof machine);
  machine.version = 1;
  machine.data = &server;
  machine.apply = [](raft_fsm* self, const raft_buffer* command, void** result) {
    const std::string_view bytes(static_cast<const char*>(command->base), command->len);
    static_cast<Server*>(self->data)->applied.add(bytes);
    *result = nullptr;
    return 0;
  };
  machine.snapshot = takeSnapshot;
  machine.restore = [](raft_fsm*, raft_buffer*) -> int { std::abort(); };
  return machine;
}

// Each disk holds the first configuration, as entry 1 of term 1.
int LibraftCluster::load(raft_io* io, raft_term* term, raft_id* votedFor, raft_snapshot** snapshot,
                         raft_index* first, raft_entry* entries[], std::size_t* count) {
  *term = 1;
  *votedFor = 0;
  *snapshot = nullptr;
  *first = 1;
  *count = 1;
  raft_entry* entry = allocate<raft_entry>();
  entry->term = 1;
  entry->type = RAFT_CHANGE;
  mustSucceed(raft_configuration_encode(&of(io).cluster->configuration_, &entry->buf), "encoding");
  entry->batch = entry->buf.base;
  *entries = entry;
  return 0;
}

int LibraftCluster::send(raft_io* io, raft_io_send* request, const raft_message* message,
                         raft_io_send_cb callback) {
  Server& sender = of(io);
  request->cb = callback;
  sender.done.push_back({[](void* r) {
                           auto* done = static_cast<raft_io_send*>(r);
                           done->cb(done, 0);
                         },
                         request});
  ++sender.cluster->counts_.messages;
  raft_message arriving = *message;
  arriving.server_id = sender.id;
  arriving.server_address = sender.address.c_str();
  if (arriving.type == RAFT_IO_APPEND_ENTRIES && arriving.append_entries.n_entries > 0) {
    copyEntries(arriving.append_entries);
  }
  sender.cluster->servers_[message->server_id - 1]->sent.push_back(arriving);
  return 0;
}

// The receiver owns what it receives, so it needs bytes of its own: one block for a message.
void LibraftCluster::copyEntries(raft_append_entries& request) {
  const unsigned count = request.n_entries;
  std::size_t size = 0;
  for (unsigned i = 0; i < count; ++i) size += request.entries[i].buf.len;
  char* bytes = static_cast<char*>(raft_malloc(size));
  raft_entry* entries = static_cast<raft_entry*>(raft_malloc(count * sizeof(raft_entry)));
  char* batch = bytes;
  for (unsigned i = 0; i < count; ++i) {
    entries[i] = request.entries[i];
    std::memcpy(bytes, entries[i].buf.base, entries[i].buf.len);
    entries[i].buf.base = bytes;
    entries[i].batch = batch;
    bytes += entries[i].buf.len;
  }
  request.entries = entries;
}

int LibraftCluster::append(raft_io* io, raft_io_append* request, const raft_entry[], unsigned,
                           raft_io_append_cb callback) {
  request->cb = callback;
  ++of(io).cluster->counts_.writes;
  of(io).done.push_back({[](void* r) {
                           auto* done = static_cast<raft_io_append*>(r);
                           done->cb(done, 0);
                         },
                         request});
  return 0;
}

int LibraftCluster::putSnapshot(raft_io* io, unsigned, raft_io_snapshot_put* request,
                                const raft_snapshot*, raft_io_snapshot_put_cb callback) {
  request->cb = callback;
  of(io).done.push_back({[](void* r) {
                           auto* done = static_cast<raft_io_snapshot_put*>(r);
                           done->cb(done, 0);
                         },
                         request});
  return 0;
}

// The state is a sum, so its snapshot is small.
int LibraftCluster::takeSnapshot(raft_fsm*, raft_buffer* buffers[], unsigned* count) {
  *count = 1;
  *buffers = allocate<raft_buffer>();
  (*buffers)->len = sizeof(Digest);
  (*buffers)->base = raft_calloc(1, sizeof(Digest));
  return 0;
}

LibraftCluster::Request* LibraftCluster::request() {
  if (free_.empty()) {
    requests_.push_back(std::make_unique<Request>());
    free_.push_back(requests_.back().get());
  }
  Request* request = free_.back();
  free_.pop_back();
  request->data = this;
  return request;
}

void LibraftCluster::propose(std::uint64_t count) {
  buffers_.clear();
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view command = commands_.next();
    buffers_.push_back({.base = raft_malloc(command.size()), .len = command.size()});
    std::memcpy(buffers_.back().base, command.data(), command.size());
  }
  const auto applied = [](Request* request, int status, void*) {
    mustSucceed(status, "a command");
    static_cast<LibraftCluster*>(request->data)->free_.push_back(request);
  };
  mustSucceed(raft_apply(&servers_[0]->core, request(), buffers_.data(),
                         static_cast<unsigned>(count), applied),
              "raft_apply");
}

bool LibraftCluster::deliver() {
  bool any = false;
  for (auto& server : servers_) any |= deliverTo(*server);
  return any;
}

bool LibraftCluster::deliverTo(Server& server) {
  std::swap(server.sent, server.arriving);
  for (raft_message& message : server.arriving) server.receive(&server.io, &message);
  std::swap(server.done, server.ready);
  for (const Done& each : server.ready) each.call(each.request);
  const bool any = !server.arriving.empty() || !server.ready.empty();
  server.arriving.clear();
  server.ready.clear();
  return any;
}

void LibraftCluster::heartbeat() {
  ++counts_.heartbeats;
  now_ += heartbeatTimeout + 1;
  servers_[0]->tick(&servers_[0]->io);
}

std::uint64_t LibraftCluster::appliedByAll() const {
  std::uint64_t least = servers_.front()->applied.count();
  for (const auto& server : servers_) least = std::min(least, server->applied.count());
  return least;
}

bool LibraftCluster::agrees() const {
  return std::ranges::all_of(
      servers_, [&](const auto& server) { return server->applied == commands_.proposed(); });
}

}  // namespace bench
