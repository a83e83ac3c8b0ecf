// A sorted map whose copies share what they have in common.
//
// A copy costs one reference count, a change after it some log2(n) nodes. It is a treap: in order
// by key, and a heap by a hash of the key. So its shape follows from its keys, however they came
// in, equal maps are equal trees, and each subtree carries a digest of what it holds.
#pragma once
#include <cstdint>
#include <utility>

#include "kv/hash.h"
#include "raft/reference_count.h"

namespace raft::kv {

inline bool precedes(std::uint64_t a, std::uint64_t b) { return a < b; }
inline bool precedes(const Command& a, const Command& b) { return a.bytes() < b.bytes(); }

// Requires hashOf(Key), hashOf(Value), precedes(Key, Key). Several threads may each use a copy.
template <class Key, class Value>
class Tree {
 public:
  Tree() = default;
  Tree(const Tree& other) : root_(acquired(other.root_)) {}
  Tree(Tree&& other) noexcept : root_(std::exchange(other.root_, nullptr)) {}
  Tree& operator=(Tree other) noexcept {
    std::swap(root_, other.root_);
    return *this;
  }
  ~Tree() { release(root_); }

  std::uint64_t size() const { return root_ ? root_->size : 0; }
  bool empty() const { return !root_; }
  // Equal for equal maps, and otherwise different but for one chance in 2^64.
  std::uint64_t digest() const { return digestOf(root_); }

  // Null: the key is not there. Holds until the tree is changed.
  const Value* find(const Key& key) const {
    const Node* at = root_;
    while (at) {
      if (precedes(key, at->key)) {
        at = at->left;
      } else if (precedes(at->key, key)) {
        at = at->right;
      } else {
        return &at->value;
      }
    }
    return nullptr;
  }
  void set(Key key, Value value) {
    const std::uint64_t rank = hashOf(key);
    set(root_, std::move(key), rank, std::move(value));
  }
  void erase(const Key& key) {
    if (find(key)) erase(root_, key);
  }
  // visit(key, value), in the order of keys.
  template <class Visit>
  void each(Visit&& visit) const {
    each(root_, visit);
  }

  bool operator==(const Tree& other) const { return equal(root_, other.root_); }

 private:
  struct Node {
    Key key;
    Value value;
    std::uint64_t rank;  // above that of the nodes below it
    std::uint64_t size = 1;
    std::uint64_t digest = 0;  // of the whole subtree
    Node* left = nullptr;
    Node* right = nullptr;
    ReferenceCount references = {};
  };

  static std::uint64_t sizeOf(const Node* node) { return node ? node->size : 0; }
  static std::uint64_t digestOf(const Node* node) { return node ? node->digest : 0; }
  static Node* acquired(Node* node) {
    if (node) node->references.acquire();
    return node;
  }
  static void release(Node* node) {
    if (!node || !node->references.release()) return;
    release(node->left);
    release(node->right);
    delete node;
  }
  static Node* created(Key key, std::uint64_t rank, Value value) {
    Node* node = new Node{.key = std::move(key), .value = std::move(value), .rank = rank};
    update(node);
    return node;
  }
  // Makes the node that `place` holds one that no other tree sees.
  static void own(Node*& place) {
    if (!place->references.shared()) return;
    Node* copy = created(place->key, place->rank, place->value);
    copy->left = acquired(place->left);
    copy->right = acquired(place->right);
    release(std::exchange(place, copy));
    update(copy);
  }
  static void update(Node* node) {
    node->size = 1 + sizeOf(node->left) + sizeOf(node->right);
    std::uint64_t digest = hashWith(hashOf(node->key), hashOf(node->value));
    digest = hashWith(digest, digestOf(node->left));
    node->digest = hashWith(digest, digestOf(node->right));
  }
  static bool above(std::uint64_t rank, const Key& key, const Node* node) {
    return rank != node->rank ? rank > node->rank : precedes(key, node->key);
  }

  static void set(Node*& place, Key&& key, std::uint64_t rank, Value&& value) {
    if (!place) {
      place = created(std::move(key), rank, std::move(value));
      return;
    }
    const bool less = precedes(key, place->key);
    if (!less && !precedes(place->key, key)) {
      own(place);
      place->value = std::move(value);
    } else if (above(rank, key, place)) {  // so the key does not stand below
      Node* node = created(std::move(key), rank, std::move(value));
      split(place, node->key, node->left, node->right);
      place = node;
    } else {
      own(place);
      set(less ? place->left : place->right, std::move(key), rank, std::move(value));
    }
    update(place);
  }
  // Takes `node` apart: what precedes `key`, and the rest, which does not hold it.
  static void split(Node* node, const Key& key, Node*& before, Node*& after) {
    if (!node) {
      before = after = nullptr;
      return;
    }
    own(node);
    if (precedes(node->key, key)) {
      split(std::exchange(node->right, nullptr), key, node->right, after);
      before = node;
    } else {
      split(std::exchange(node->left, nullptr), key, before, node->left);
      after = node;
    }
    update(node);
  }
  static void erase(Node*& place, const Key& key) {
    own(place);
    if (precedes(key, place->key)) {
      erase(place->left, key);
    } else if (precedes(place->key, key)) {
      erase(place->right, key);
    } else {
      Node* left = std::exchange(place->left, nullptr);
      Node* right = std::exchange(place->right, nullptr);
      release(std::exchange(place, joined(left, right)));
      return;
    }
    update(place);
  }
  // One tree of two, all keys of `left` preceding those of `right`.
  static Node* joined(Node* left, Node* right) {
    if (!left || !right) return left ? left : right;
    Node* node = nullptr;
    if (above(left->rank, left->key, right)) {
      node = left;
      own(node);
      node->right = joined(std::exchange(node->right, nullptr), right);
    } else {
      node = right;
      own(node);
      node->left = joined(left, std::exchange(node->left, nullptr));
    }
    update(node);
    return node;
  }
  template <class Visit>
  static void each(const Node* node, Visit& visit) {
    if (!node) return;
    each(node->left, visit);
    visit(node->key, node->value);
    each(node->right, visit);
  }
  static bool equal(const Node* a, const Node* b) {
    if (a == b) return true;
    if (digestOf(a) != digestOf(b)) return false;
    return a && b && a->key == b->key && a->value == b->value && equal(a->left, b->left) &&
           equal(a->right, b->right);
  }

  Node* root_ = nullptr;
};

}  // namespace raft::kv
