#include <string>

#include "sim/client.h"
#include "sim/world.h"

namespace raft::sim {

void Client::nextRequest() {
  ++request;
  attempt = 0;
  redirects = 0;
  std::string text = "c";
  text += std::to_string(id);
  text += '.';
  text += std::to_string(request);
  command = Command(text);
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
      observer.client(now_,
                      trace::ClientTimedOut{
                          .client = client.id, .request = client.request, .server = client.server});
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
                                             .request = client.request,
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
      observer.client(now_,
                      trace::ClientPutOff{
                          .client = client.id, .request = client.request, .server = client.server});
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
                                                .request = client.request,
                                                .server = client.server,
                                                .leaderId = leader});
  client.redirects = 0;
  if (1 <= leader.value && leader.value <= size()) client.server = leader;
  wait(client, Client::State::Refused, client.settings.retry);
}

// True: it is to ask again at once, whom the server named.
bool World::refused(Client& client, const NotLeader& hint, Observer& observer) {
  observer.client(now_, trace::ClientRedirected{.client = client.id,
                                                .request = client.request,
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
    client.accepted.reset();
    const bool last = client.request == client.settings.requests;
    if (last) {
      client.state = Client::State::Done;
      alarms_.turnOff(alarmOf(client));
    } else {
      wait(client, Client::State::Idle, client.settings.interval);
    }
    observer.client(now_, trace::ClientAnswered{.client = client.id,
                                                .request = client.request,
                                                .server = client.server,
                                                .index = index});
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
    observer.client(
        now_,
        trace::ClientTold{
            .client = client.id, .request = client.request, .server = client.server, .lost = lost});
    if (!lost) continue;
    client.accepted.reset();
    client.redirects = 0;
    wait(client, Client::State::Refused, Duration(0));
  }
}

void World::wait(Client& client, Client::State state, Duration duration) {
  client.state = state;
  alarms_.set(alarmOf(client), at(now_ + duration));
}

}  // namespace raft::sim
