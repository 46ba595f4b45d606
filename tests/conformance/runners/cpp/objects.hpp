// The objects that the director has named. Destroying one that another thread uses is the caller's mistake in C++ as
// in C: so each use is counted, and releasing ends what waits, lets the calls return, and destroys by moving out of
// the object. The empty object stays, and says itself what becomes of calls on it.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "poslatch.hpp"

namespace runner {

inline void wake(const poslatch::device &device)
{
    try {
        device.interrupt();
    } catch (const poslatch::error &) {
        // It was released before.
    }
}
inline void wake(const poslatch::identity &) {}
inline void wake(const poslatch::connection &connection) { connection.close(); }

template <typename Object> class slot {
public:
    explicit slot(Object object) : object_(std::move(object)), uses_(0) {}

    void release()
    {
        wake(object_);
        std::unique_lock<std::mutex> lock(mutex_);
        returned_.wait(lock, [this] { return uses_ == 0; });
        Object last(std::move(object_));
    }

    void wake_calls() const { wake(object_); }

    /// A call in the making, for as long as this lives.
    class use {
    public:
        explicit use(std::shared_ptr<slot> slot) : slot_(std::move(slot))
        {
            std::lock_guard<std::mutex> lock(slot_->mutex_);
            slot_->uses_++;
        }
        use(use &&) = default;
        use &operator=(use &&) = default;
        ~use()
        {
            if (!slot_)
                return;
            std::lock_guard<std::mutex> lock(slot_->mutex_);
            slot_->uses_--;
            slot_->returned_.notify_all();
        }

        const Object &operator*() const { return slot_->object_; }
        const Object *operator->() const { return &slot_->object_; }

    private:
        std::shared_ptr<slot> slot_;
    };

private:
    Object object_;
    std::mutex mutex_;
    std::condition_variable returned_;
    unsigned uses_;
};

/// All objects of one kind.
template <typename Object> class shelf {
public:
    /// What had the name before is released.
    void put(const std::string &name, Object object)
    {
        release(name);
        std::lock_guard<std::mutex> lock(mutex_);
        slots_[name] = std::make_shared<slot<Object>>(std::move(object));
    }

    typename slot<Object>::use use(const std::string &name) const
    {
        const std::shared_ptr<slot<Object>> found = find(name);
        if (!found)
            throw poslatch::error(poslatch::status::argument, poslatch::category::usage,
                                  poslatch::request_state::none, "there is no object \"" + name + "\"", "");
        return typename slot<Object>::use(found);
    }

    /// Whether there was one, be it released or not.
    bool release(const std::string &name)
    {
        const std::shared_ptr<slot<Object>> found = find(name);
        if (found)
            found->release();
        return found != nullptr;
    }

    void wake_calls() const
    {
        std::lock_guard<std::mutex> lock(mutex_);
        for (const auto &named : slots_)
            named.second->wake_calls();
    }

private:
    std::shared_ptr<slot<Object>> find(const std::string &name) const
    {
        std::lock_guard<std::mutex> lock(mutex_);
        const auto found = slots_.find(name);
        return found == slots_.end() ? nullptr : found->second;
    }

    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<slot<Object>>> slots_;
};

} // namespace runner
