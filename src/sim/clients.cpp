#include <string>

#include "kv/request.h"
#include "sim/client.h"
#include "sim/world.h"

namespace raft::sim {

namespace {

// "c1.5": different for each request of each client.
std::string nameOf(std::uint32_t client, std::uint64_t request) {
  std::string text = "c";
  text += std::to_string(client);
  text += '.';
  return text += std::to_string(request);
}

}  // namespace

void Client::nextRequest() {
  attempt = 0;
  redirects = 0;
  const bool inSession = settings.session && !rules;
  registering = inSession && session == 0;
  if (registering) {
    command = "register";
    return;
  }
  ++request;
  if (!settings.commands.empty()) {
    command = settings.commands[(request - 1) % settings.commands.size()];
  } else if (rules) {
    command = Command(rules->command(operations));
  } else if (settings.keys != 0) {
    command = madeUp();
  } else {
    command = Command(nameOf(id, request));
  }
  if (!inSession) return;
  std::string text = "@";
  text += std::to_string(session);
  text += '#';
  text += std::to_string(++sequence);
  text += ' ';
  text += command.bytes();
  command = Command(text);
}

// Each value is written once, so that whoever reads it knows who wrote it.
Command Client::madeUp() {
  const std::uint64_t kind = operations.below(5);
  std::string key = "k";
  key += std::to_string(operations.below(settings.keys) + 1);
  const Command name{std::string_view(key)};
  const Command value(nameOf(id, request));
  kv::Request made{.operation = kv::Get{name}};
  if (kind == 1) made.operation = kv::Put{name, value};
  if (kind == 2) made.operation = kv::Append{name, value};
  if (kind == 3 && read && readFrom == name) {
    made.operation = kv::CompareAndSet{name, *read, value};
  }
  if (kind == 4) made.operation = kv::Delete{name};
  return Command(kv::text(made));
}

bool Client::take(const kv::Reply& reply) {
  if (registering) {
    session = accepted->index.value;
    sequence = 0;
    return false;
  }
  if (reply.status == kv::Reply::Status::NoSession) session = 0;
  const kv::Request made = kv::parse(command.bytes());
  if (const kv::Get* get = std::get_if<kv::Get>(&made.operation)) {
    read.reset();
    if (reply.status == kv::Reply::Status::Value) read = reply.value;
    readFrom = get->key;
  }
  return request == settings.requests;
}

void Client::chooseAnother(std::uint32_t servers) {
  if (servers == 1) return;
  const auto drawn = static_cast<std::uint32_t>(chance.below(servers - 1)) + 1;
  server = drawn < server.value ? drawn : drawn + 1;
}

void World::takeTurn(Client& client, Observer& observer) {
  switch (client.state) {
    case Client::State::Idle: client.nextRequest(); break;
    case Client::State::Refused: break;
    case Client::State::Asking:
      observer.client(
          now_, trace::ClientTimedOut{
                    .client = client.id, .request = client.number(), .server = client.server});
      client.accepted.reset();
      client.redirects = 0;
      client.chooseAnother(size());
      break;
    case Client::State::Done: return alarms_.turnOff(alarmOf(client));
  }
  ask(client, observer);
}

// Asks, and follows hints, until a server accepts, or does not answer, or knows no better.
void World::ask(Client& client, Observer& observer) {
  for (;;) {
    ++client.attempt;
    observer.client(now_, trace::ClientAsked{.client = client.id,
                                             .request = client.number(),
                                             .server = client.server,
                                             .command = client.command,
                                             .attempt = client.attempt});
    Host& host = hosts_[client.server.value - 1];
    wait(client, Client::State::Asking, client.settings.timeout);
    if (host.state != Host::State::Running) return;

    stepServer(host, Propose{.commands = {client.command}}, observer);
    const Proposed proposed = scratch_.effects.proposed.value_or(NotLeader{});
    if (const Accepted* accepted = std::get_if<Accepted>(&proposed)) client.accepted = *accepted;
    perform(host, observer);  // may answer already, in a cluster of one
    if (const auto* hint = std::get_if<Transferring>(&proposed)) {
      return askLater(client, hint->to, observer);
    }
    if (std::holds_alternative<TooMuchUncommitted>(proposed)) {
      observer.client(
          now_, trace::ClientPutOff{
                    .client = client.id, .request = client.number(), .server = client.server});
      client.redirects = 0;
      return wait(client, Client::State::Refused, client.settings.retry);
    }
    const NotLeader* notLeader = std::get_if<NotLeader>(&proposed);
    if (!notLeader || !refused(client, *notLeader, observer)) return;
  }
}

// Whoever is to be the leader is none yet.
void World::askLater(Client& client, ServerId leader, Observer& observer) {
  observer.client(now_, trace::ClientRedirected{.client = client.id,
                                                .request = client.number(),
                                                .server = client.server,
                                                .leaderId = leader});
  client.redirects = 0;
  if (1 <= leader.value && leader.value <= size()) client.server = leader;
  wait(client, Client::State::Refused, client.settings.retry);
}

// True: it is to ask again at once, whom the server named.
bool World::refused(Client& client, const NotLeader& hint, Observer& observer) {
  observer.client(now_, trace::ClientRedirected{.client = client.id,
                                                .request = client.number(),
                                                .server = client.server,
                                                .leaderId = hint.leaderId});
  const ServerId leader = hint.leaderId.value_or(client.server);
  const bool another = leader != client.server && 1 <= leader.value && leader.value <= size();
  // Along hints terms rise, so they end; those of a broken core must not hold up time for ever.
  if (another && client.redirects < size()) {
    ++client.redirects;
    client.server = leader;
    return true;
  }
  client.redirects = 0;
  client.chooseAnother(size());
  wait(client, Client::State::Refused, client.settings.retry);
  return false;
}

// The server that accepted a command answers when it applies that very entry (§8): the same index
// and term. If another stands there, its client hears nothing.
void World::answer(const Host& host, const Apply& apply, Observer& observer) {
  for (Client& client : clients_) {
    if (!client.accepted || client.server != host.server.id) continue;
    const auto [index, term] = *client.accepted;
    if (index < apply.first || apply.first + apply.entries.size() <= index) continue;
    if (apply.entries[index.value - apply.first.value].term != term) continue;
    answered(client, index, scratch_.replies[index.value - apply.first.value], observer);
  }
}

// A server that knows of a command that it accepted that it is lost says so, and the client asks
// again at once; one that does not know says that, and the client waits on until its timeout.
void World::tell(const Host& host, const Fate& fate, Observer& observer) {
  if (fate.outcome == Fate::Outcome::Committed) return;  // answer() has said it
  const bool lost = fate.outcome == Fate::Outcome::Lost;
  for (Client& client : clients_) {
    if (!client.accepted || client.server != host.server.id) continue;
    const auto [index, term] = *client.accepted;
    if (term != fate.term || index < fate.first || fate.last < index) continue;
    observer.client(now_, trace::ClientTold{.client = client.id,
                                            .request = client.number(),
                                            .server = client.server,
                                            .lost = lost});
    if (!lost) continue;
    client.accepted.reset();
    client.redirects = 0;
    wait(client, Client::State::Refused, Duration(0));
  }
}

void World::answered(Client& client, Index index, const kv::Reply& reply, Observer& observer) {
  const trace::ClientAnswered told{.client = client.id,
                                   .request = client.number(),
                                   .server = client.server,
                                   .index = index,
                                   .reply = std::string_view(kv::text(reply))};
  const bool last = client.take(reply);
  client.accepted.reset();
  if (last) {
    client.state = Client::State::Done;
    alarms_.turnOff(alarmOf(client));
  } else {
    wait(client, Client::State::Idle, client.settings.interval);
  }
  observer.client(now_, told);
}

void World::wait(Client& client, Client::State state, Duration duration) {
  client.state = state;
  alarms_.set(alarmOf(client), at(now_ + duration));
}

}  // namespace raft::sim
