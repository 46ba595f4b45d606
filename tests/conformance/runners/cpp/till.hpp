// The till: all that the director can ask of poslatch.hpp, one function per verb.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "objects.hpp"
#include "protocol.hpp"

namespace runner {

class till {
public:
    ~till();

    /// Does what one line asks for; from any thread.
    answer run(const std::string &line);

    /// Ends what waits, so that every thread comes back.
    void wake_calls() const;

private:
    using verb = answer (till::*)(const command &);
    static const std::map<std::string, verb> &verbs();

    // library.cpp
    answer hello(const command &);
    answer status_name(const command &);
    answer log(const command &);
    answer log_take(const command &);
    answer fetch_root_ca(const command &);
    answer save_root_ca(const command &);
    answer release(const command &);
    answer not_in_cpp(const command &);

    // device.cpp
    answer device(const command &);
    answer interrupt(const command &);
    answer journal_pending(const command &);
    answer journal_forget(const command &);
    answer probe(const command &);
    answer pair(const command &);
    answer open_mtls(const command &);
    answer open_tls(const command &);

    // identity.cpp
    answer identity(const command &);
    answer needs_renewal(const command &);
    answer cert_chain(const command &);
    answer save(const command &);
    answer load(const command &);
    answer export_pem(const command &);
    answer from_pem(const command &);
    answer export_pkcs12(const command &);

    // connection.cpp
    answer exchange(const command &);
    answer unclaimed_reply(const command &);
    answer send(const command &);
    answer receive(const command &);
    answer recover(const command &);
    answer connection(const command &);
    answer close(const command &);

    shelf<poslatch::device> devices_;
    shelf<poslatch::identity> identities_;
    shelf<poslatch::connection> connections_;

    std::mutex log_mutex_;
    std::string log_records_;
};

} // namespace runner
