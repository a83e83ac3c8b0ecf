// Why a server does not vote yet, and why a change of members is not complete.
#include "trace/why_world.h"

namespace raft::trace {

namespace {

void sayWhoCatchesUp(const View& view, ServerId id, Answer& answer) {
  const Leader& leader = *serverOf(view, id).as<Leader>();
  for (ServerId server : leader.catchUp->newcomers) {
    const std::string own = view.names.of(server);
    const Index has = leader.of(server).matchIndex;
    answer.push_back(own + " must catch up before it votes: in round " +
                     text(leader.catchUp->round) + " it has acknowledged index " + text(has.value) +
                     " of " + text(leader.catchUp->goal.value) + " (thesis §4.2.1).");
    const std::string silence = exists(view, server) ? whyNoTalk(view, id, server) : "";
    if (!silence.empty()) answer.push_back(silence + ".");
  }
}

}  // namespace

Answer whyChangeNotComplete(const View& view) {
  const std::optional<ServerId> id = leaderOf(view);
  if (!id) {
    Answer answer{"Only a leader carries a change of members on (thesis §4.1)."};
    for (std::string& each : whyNoLeader(view)) answer.push_back(std::move(each));
    return answer;
  }
  const Server& server = serverOf(view, *id);
  const Leader& leader = *server.as<Leader>();
  const std::string own = "Leader " + view.names.of(*id);
  const std::string configuration = configurationText(server.configuration, view.names);
  if (!leader.changing) {
    return {own + " is not changing members: " + configuration + " is in force."};
  }
  Answer answer;
  if (server.configurationIndex > server.commitIndex) {
    answer.push_back(own + " uses " + configuration + ", which is not committed yet" +
                     (server.configuration.isJoint()
                          ? ": a majority of the old and one of the new voters are needed "
                            "(thesis §4.3)."
                          : " (thesis §4.1)."));
    for (std::string& each : whyNotCommitted(view, server.configurationIndex)) {
      answer.push_back(std::move(each));
    }
  } else if (leader.catchUp) {
    sayWhoCatchesUp(view, *id, answer);
  }
  return answer;
}

Answer whyNoVoter(const View& view, ServerId server) {
  const std::optional<ServerId> id = leaderOf(view);
  if (!id) return whyChangeNotComplete(view);
  const Server& leader = serverOf(view, *id);
  const std::string own = view.names.of(server);
  if (leader.as<Leader>()->changing) return whyChangeNotComplete(view);
  if (leader.configuration.isVoter(server)) return {own + " is a voter."};
  return {own +
          (leader.configuration.learners.contains(server)
               ? " is a learner: nobody has asked leader "
               : " is no member: nobody has asked leader ") +
          view.names.of(*id) + " to make it a voter, or it gave up waiting for it."};
}

}  // namespace raft::trace
